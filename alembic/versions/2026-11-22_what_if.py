"""Comparisons of two runs and simulations that were kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "what_if"
down_revision = "budgets_and_benchmarks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "simulation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("changes", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("totals", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("items", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "measure in ('cost', 'kwh', 'co2e_operational', 'co2e_embodied')",
            name=op.f("ck_simulation_measure"),
        ),
        sa.CheckConstraint("changed >= 0", name=op.f("ck_simulation_changed")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_run.id"], name=op.f("fk_simulation_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation")),
    )
    op.create_index("ix_simulation_run_id_id", "simulation", ["run_id", "id"], unique=False)
    op.create_table(
        "comparison",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("base_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("summary", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("method in ('sequence', 'shapley')", name=op.f("ck_comparison_method")),
        sa.CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_comparison_status"),
        ),
        sa.ForeignKeyConstraint(
            ["base_id"], ["allocation_run.id"], name=op.f("fk_comparison_base_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_run.id"], name=op.f("fk_comparison_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison")),
    )
    op.create_index(
        "ix_comparison_run_id_base_id", "comparison", ["run_id", "base_id"], unique=False
    )
    op.create_table(
        "comparison_chunk",
        sa.Column("comparison_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comparison_id"],
            ["comparison.id"],
            name=op.f("fk_comparison_chunk_comparison_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("comparison_id", "position", name=op.f("pk_comparison_chunk")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("comparison_chunk")
    op.drop_index("ix_comparison_run_id_base_id", table_name="comparison")
    op.drop_table("comparison")
    op.drop_index("ix_simulation_run_id_id", table_name="simulation")
    op.drop_table("simulation")
