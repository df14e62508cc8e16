"""Tables of the reports of the valuation service."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "reports"
down_revision = "valuation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("inputs_sha256", sa.String(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.String(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("problem", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_report_period")),
        sa.CheckConstraint(
            "format in ('xlsx', 'pdf', 'csv', 'json', 'html')", name=op.f("ck_report_format")
        ),
        sa.CheckConstraint("language in ('en', 'zh-CN')", name=op.f("ck_report_language")),
        sa.CheckConstraint(
            "status in ('queued', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_report_status"),
        ),
        sa.CheckConstraint(
            "(status = 'succeeded') = (file_id is not null)",
            name=op.f("ck_report_finished_has_a_file"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_report_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    op.create_index("ix_report_created_at", "report", ["created_at", "id"])
    op.create_index(op.f("ix_report_file_id"), "report", ["file_id"])
    op.create_index("ix_report_period", "report", ["period", "type"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("report")
