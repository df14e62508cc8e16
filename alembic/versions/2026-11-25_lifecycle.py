"""Personal data and its purge, retention, signed heads of the audit chain, numbers of events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "lifecycle"
down_revision = "partitions"
branch_labels = None
depends_on = None

SHIPPED = (
    ("tickets", "assignment_group", "name", "Assignment group", "受理组"),
    ("cost_lines", "vendor", "name", "Vendor", "供应商"),
    ("cost_lines", "description", "other", "Description", "摘要"),
    ("cost_lines", "fields.caller", "name", "Caller", "报告人"),
    ("cost_lines", "fields.requester", "name", "Requester", "申请人"),
    ("cost_lines", "fields.employee_id", "employee_id", "Employee id", "员工编号"),
    ("cost_lines", "fields.email", "email", "E-mail", "电子邮箱"),
    ("cost_lines", "tags.owner", "name", "Owner", "负责人"),
    ("assets", "vendor", "name", "Vendor", "供应商"),
    ("assets", "tags.owner", "name", "Owner", "负责人"),
    ("assets", "tags.assigned_to", "name", "Assigned to", "使用人"),
)


def upgrade() -> None:
    """Nothing is written anew: events and files that are there already stay as they are."""
    op.execute("create sequence outbox_event_sequence as bigint")
    op.execute("alter table outbox_event add column sequence bigint")
    op.execute(
        "alter table outbox_event alter column sequence"
        " set default nextval('outbox_event_sequence')"
    )
    op.add_column("stored_file", sa.Column("removed_at", sa.DateTime(timezone=True)))
    op.add_column("stored_file", sa.Column("removed_for", sa.String()))
    op.add_column("stored_file", sa.Column("rewritten_at", sa.DateTime(timezone=True)))
    op.execute("alter table allocation_run add column rewritten integer not null default 0")
    _make_fields()
    _make_purges()
    for collection, field, category, english, chinese in SHIPPED:
        op.execute(
            "insert into personal_data_field (id, collection, field, category, names) values"
            f" (uuidv7(), '{collection}', '{field}', '{category}',"
            f""" '{{"en": "{english}", "zh-CN": "{chinese}"}}')"""
        )


def _make_fields() -> None:
    op.create_table(
        "personal_data_field",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("collection", sa.String(collation="C"), nullable=False),
        sa.Column("field", sa.String(collation="C"), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("names", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "collection in ('tickets', 'cost_lines', 'assets')",
            name=op.f("ck_personal_data_field_collection"),
        ),
        sa.CheckConstraint(
            "category in ('name', 'email', 'phone', 'employee_id', 'other')",
            name=op.f("ck_personal_data_field_category"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_data_field")),
        sa.UniqueConstraint(
            "collection", "field", name=op.f("uq_personal_data_field_collection_field")
        ),
    )


def _make_purges() -> None:
    op.create_table(
        "personal_data_purge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("value_hashes", postgresql.JSONB(), nullable=False),
        sa.Column("sealed_values", sa.LargeBinary(), nullable=True),
        sa.Column("contains", sa.Boolean(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("replaced", postgresql.JSONB(), nullable=False),
        sa.Column("left_alone", postgresql.JSONB(), nullable=False),
        sa.Column("problem", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('queued', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_personal_data_purge_status"),
        ),
        sa.CheckConstraint(
            "status = 'queued' or sealed_values is null",
            name=op.f("ck_personal_data_purge_values_are_forgotten"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_data_purge")),
    )


def downgrade() -> None:
    """Events without numbers; no fields of persons, and no record of what was purged."""
    op.drop_table("personal_data_purge")
    op.drop_table("personal_data_field")
    op.drop_column("allocation_run", "rewritten")
    for name in ("removed_at", "removed_for", "rewritten_at"):
        op.drop_column("stored_file", name)
    op.execute("alter table outbox_event drop column sequence")
    op.execute("drop sequence outbox_event_sequence")
