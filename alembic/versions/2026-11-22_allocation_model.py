"""Tables of the model: cost objects, model versions with their mappings, accounting periods."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "allocation_model"
down_revision = "ingest"
branch_labels = None
depends_on = None

VALIDITY = (
    "(valid_from is null or valid_from ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')"
    " and (valid_to is null or valid_to ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')"
    " and (valid_from is null or valid_to is null or valid_from <= valid_to)"
)
STAGES = (
    "stage in ('line_to_pool', 'pool_to_resource', 'pool_to_solution', 'pool_to_consumer',"
    " 'resource_to_resource', 'resource_to_solution', 'resource_to_consumer',"
    " 'solution_to_solution', 'solution_to_consumer')"
)

REFUSE_FROZEN = """
create function refuse_frozen_mapping() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from model_version v
        where v.status <> 'draft'
          and v.id in (
              case when tg_op = 'INSERT' then new.model_version_id else old.model_version_id end,
              case when tg_op = 'DELETE' then old.model_version_id else new.model_version_id end
          )
    ) then
        raise exception 'only a draft takes changes' using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
"""
TRIGGER = """
create trigger mapping_only_in_draft before insert or update or delete on mapping
for each row execute function refuse_frozen_mapping()
"""


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounting_period",
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_accounting_period_period")
        ),
        sa.CheckConstraint(
            "status in ('open', 'closed')", name=op.f("ck_accounting_period_status")
        ),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_accounting_period")),
    )
    op.create_table(
        "cost_object",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("names", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("descriptions", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("parent", sa.String(collation="C"), nullable=True),
        sa.Column("tags", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("attributes", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("standard", sa.String(), nullable=True),
        sa.Column("valid_from", sa.String(), nullable=True),
        sa.Column("valid_to", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("unit_driver", sa.String(collation="C"), nullable=True),
        sa.Column("capacity_driver", sa.String(collation="C"), nullable=True),
        sa.Column("value_chain_stage", sa.String(collation="C"), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(VALIDITY, name=op.f("ck_cost_object_validity")),
        sa.CheckConstraint(
            "layer in ('pool', 'resource', 'solution', 'consumer')",
            name=op.f("ck_cost_object_layer"),
        ),
        sa.CheckConstraint("parent <> code", name=op.f("ck_cost_object_parent")),
        sa.ForeignKeyConstraint(
            ["layer", "parent"],
            ["cost_object.layer", "cost_object.code"],
            name="fk_cost_object_parent",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_object")),
        sa.UniqueConstraint("layer", "code", name=op.f("uq_cost_object_layer_code")),
    )
    op.create_index("ix_cost_object_layer_parent", "cost_object", ["layer", "parent"], unique=False)
    op.create_index(
        "ix_cost_object_tags", "cost_object", ["tags"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "model_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("base_id", sa.Uuid(), nullable=True),
        sa.Column("stages", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("authors", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("submitted_by", sa.String(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "is_open = (status in ('draft', 'in_review', 'approved'))",
            name=op.f("ck_model_version_is_open"),
        ),
        sa.CheckConstraint(
            "status in ('draft', 'in_review', 'approved', 'published', 'retired')",
            name=op.f("ck_model_version_status"),
        ),
        sa.ForeignKeyConstraint(
            ["base_id"], ["model_version.id"], name=op.f("fk_model_version_base_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
        sa.UniqueConstraint("number", name=op.f("uq_model_version_number")),
    )
    op.create_index(
        "uq_model_version_open",
        "model_version",
        ["is_open"],
        unique=True,
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "uq_model_version_published",
        "model_version",
        ["status"],
        unique=True,
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_table(
        "mapping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_version_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("portion", sa.Numeric(precision=15, scale=12), nullable=False),
        sa.Column("source", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("target", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("driver", sa.String(collation="C"), nullable=True),
        sa.Column("capacity_driver", sa.String(collation="C"), nullable=True),
        sa.Column("rates", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("floor", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("cap", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("on_zero", sa.String(), nullable=False),
        sa.Column("valid_from", sa.String(), nullable=True),
        sa.Column("valid_to", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(VALIDITY, name=op.f("ck_mapping_validity")),
        sa.CheckConstraint(
            "method in ('direct', 'even', 'fixed', 'driver', 'rate', 'capacity')",
            name=op.f("ck_mapping_method"),
        ),
        sa.CheckConstraint(
            "on_zero in ('unallocated', 'next', 'even')", name=op.f("ck_mapping_on_zero")
        ),
        sa.CheckConstraint(STAGES, name=op.f("ck_mapping_stage")),
        sa.CheckConstraint("portion > 0 and portion <= 100", name=op.f("ck_mapping_portion")),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_version.id"],
            name=op.f("fk_mapping_model_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping")),
        sa.UniqueConstraint(
            "model_version_id", "code", name=op.f("uq_mapping_model_version_id_code")
        ),
    )
    op.execute(REFUSE_FROZEN)
    op.execute(TRIGGER)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("mapping")
    op.execute("drop function refuse_frozen_mapping()")
    op.drop_table("model_version")
    op.drop_table("cost_object")
    op.drop_table("accounting_period")
