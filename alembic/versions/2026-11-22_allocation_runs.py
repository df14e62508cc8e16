"""Tables of the runs of the allocation service."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "allocation_runs"
down_revision = "allocation_model"
branch_labels = None
depends_on = None

REFUSE_CHANGE = """
create function refuse_change_of_run() returns trigger language plpgsql as $$
begin
    raise exception 'a run never changes once it has finished' using errcode = 'restrict_violation';
end $$;
"""
REFUSE_OTHER_RESULT = """
create trigger finished_run_keeps_its_result before update on allocation_run for each row
when (old.status = 'succeeded' and (
    new.status, new.fingerprint, new.output_hash, new.totals, new.period, new.scenario,
    new.currency, new.counts, new.inputs_as_of, new.model_version_id
) is distinct from (
    old.status, old.fingerprint, old.output_hash, old.totals, old.period, old.scenario,
    old.currency, old.counts, old.inputs_as_of, old.model_version_id
))
execute function refuse_change_of_run()
"""
PARTS = ("run_balance", "run_chunk", "run_unallocated")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "allocation_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("model_version_id", sa.Uuid(), nullable=False),
        sa.Column("measures", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("as_of", sa.Uuid(), nullable=True),
        sa.Column("on_missing_rate", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("inputs_as_of", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("output_hash", sa.String(), nullable=True),
        sa.Column("precision", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("totals", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("unconverted", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("counts", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("timings_ms", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("accuracy", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("findings", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("published", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "on_missing_rate in ('refuse', 'set_aside')",
            name=op.f("ck_allocation_run_on_missing_rate"),
        ),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_allocation_run_period")
        ),
        sa.CheckConstraint(
            "scenario in ('actual', 'budget', 'forecast')", name=op.f("ck_allocation_run_scenario")
        ),
        sa.CheckConstraint(
            "status <> 'succeeded' or (fingerprint is not null and output_hash is not null)",
            name=op.f("ck_allocation_run_succeeded_has_hashes"),
        ),
        sa.CheckConstraint(
            "status = 'succeeded' or not published",
            name=op.f("ck_allocation_run_only_succeeded_published"),
        ),
        sa.CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_allocation_run_status"),
        ),
        sa.ForeignKeyConstraint(
            ["as_of"], ["allocation_run.id"], name=op.f("fk_allocation_run_as_of")
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_version.id"],
            name=op.f("fk_allocation_run_model_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation_run")),
    )
    op.create_index(
        op.f("ix_allocation_run_model_version_id"),
        "allocation_run",
        ["model_version_id"],
        unique=False,
    )
    op.create_index(
        "ix_allocation_run_period_scenario_id",
        "allocation_run",
        ["period", "scenario", "id"],
        unique=False,
    )
    op.create_index(
        "uq_allocation_run_published",
        "allocation_run",
        ["period", "scenario"],
        unique=True,
        postgresql_where=sa.text("published"),
    )
    op.create_table(
        "run_balance",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.String(collation="C"), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer", sa.String(collation="C"), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=True),
        sa.Column("parent", sa.String(collation="C"), nullable=True),
        sa.Column("precision", sa.SmallInteger(), nullable=False),
        sa.Column("own", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("passed_on", sa.BigInteger(), nullable=False),
        sa.Column("retained", sa.BigInteger(), nullable=False),
        sa.Column("unallocated", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "own + received = passed_on + retained + unallocated",
            name=op.f("ck_run_balance_nothing_lost"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["allocation_run.id"],
            name=op.f("fk_run_balance_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "measure", "number", name=op.f("pk_run_balance")),
    )
    op.create_table(
        "run_chunk",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(collation="C"), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_run.id"], name=op.f("fk_run_chunk_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "name", "position", name=op.f("pk_run_chunk")),
    )
    op.create_table(
        "run_unallocated",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.String(collation="C"), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layer", sa.String(collation="C"), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("mapping", sa.String(collation="C"), nullable=True),
        sa.Column("unknown_code", sa.String(collation="C"), nullable=True),
        sa.Column("precision", sa.SmallInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["allocation_run.id"],
            name=op.f("fk_run_unallocated_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "measure", "position", name=op.f("pk_run_unallocated")),
    )
    op.create_index(
        "ix_run_unallocated_layer_code",
        "run_unallocated",
        ["layer", "code", "reason"],
        unique=False,
    )
    # The chunks are compressed already.
    op.execute("alter table run_chunk alter column content set storage external")
    op.execute(REFUSE_CHANGE)
    op.execute(REFUSE_OTHER_RESULT)
    for table in PARTS:
        op.execute(
            f"create trigger parts_of_a_run_never_change before update on {table}"
            " for each row execute function refuse_change_of_run()"
        )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index("ix_run_unallocated_layer_code", table_name="run_unallocated")
    op.drop_table("run_unallocated")
    op.drop_table("run_chunk")
    op.drop_table("run_balance")
    op.drop_index("uq_allocation_run_published", table_name="allocation_run")
    op.drop_index("ix_allocation_run_period_scenario_id", table_name="allocation_run")
    op.drop_index(op.f("ix_allocation_run_model_version_id"), table_name="allocation_run")
    op.drop_table("allocation_run")
    op.execute("drop function refuse_change_of_run()")
