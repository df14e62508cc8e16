"""Report schedules, the reports that they order, and the webhook that an event is for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "report_schedules"
down_revision = "value_chain_and_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Standing orders; reports say which of them ordered them for which occasion."""
    json = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "report_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("names", json, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("cron", sa.String(), nullable=True),
        sa.Column("event", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("parameters", json, nullable=False),
        sa.Column("webhook", sa.String(), nullable=True),
        sa.Column("webhook_id", sa.Uuid(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_due_at", instant, nullable=True),
        sa.Column("problem", json, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(cron is null) <> (event is null)", name=op.f("ck_report_schedule_cron_or_event")
        ),
        sa.CheckConstraint("event in ('run.published')", name=op.f("ck_report_schedule_event")),
        sa.CheckConstraint(
            "period in ('previous', 'on_publish')", name=op.f("ck_report_schedule_period")
        ),
        sa.CheckConstraint(
            "period = 'previous' or event is not null",
            name=op.f("ck_report_schedule_period_of_event"),
        ),
        sa.CheckConstraint(
            "format in ('xlsx', 'pdf', 'csv', 'json', 'html')",
            name=op.f("ck_report_schedule_format"),
        ),
        sa.CheckConstraint("language in ('en', 'zh-CN')", name=op.f("ck_report_schedule_language")),
        sa.CheckConstraint(
            "next_due_at is null or (enabled and cron is not null)",
            name=op.f("ck_report_schedule_next_due"),
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
            name=op.f("fk_report_schedule_webhook_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
        sa.UniqueConstraint("code", name=op.f("uq_report_schedule_code")),
    )
    op.create_index(
        "ix_report_schedule_next_due_at",
        "report_schedule",
        ["next_due_at"],
        postgresql_where=sa.text("next_due_at is not null"),
    )
    op.create_index(
        "ix_report_schedule_event",
        "report_schedule",
        ["event"],
        postgresql_where=sa.text("event is not null and enabled"),
    )
    op.add_column("report", sa.Column("schedule_id", sa.Uuid(), nullable=True))
    op.add_column("report", sa.Column("schedule", sa.String(collation="C"), nullable=True))
    op.add_column("report", sa.Column("occasion", sa.String(), nullable=True))
    op.add_column("report", sa.Column("webhook_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_report_schedule_id"),
        "report",
        "report_schedule",
        ["schedule_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index("ix_report_schedule", "report", ["schedule_id", "created_at"])
    op.create_unique_constraint(
        op.f("uq_report_schedule_id_occasion"), "report", ["schedule_id", "occasion"]
    )
    op.add_column("outbox_event", sa.Column("webhook_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Without schedules."""
    op.drop_column("outbox_event", "webhook_id")
    op.drop_constraint(op.f("uq_report_schedule_id_occasion"), "report", type_="unique")
    op.drop_index("ix_report_schedule", table_name="report")
    op.drop_constraint(op.f("fk_report_schedule_id"), "report", type_="foreignkey")
    for name in ("webhook_id", "occasion", "schedule", "schedule_id"):
        op.drop_column("report", name)
    op.drop_index("ix_report_schedule_event", table_name="report_schedule")
    op.drop_index("ix_report_schedule_next_due_at", table_name="report_schedule")
    op.drop_table("report_schedule")
