"""Budgets with their alerts, and benchmarks of objects and KPIs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "budgets_and_benchmarks"
down_revision = "emission_factors"
branch_labels = None
depends_on = None

LAYERS = "layer in ('pool', 'resource', 'solution', 'consumer')"
PERIOD = "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'"


def upgrade() -> None:
    """Make the tables."""
    _make_budget()
    _make_alert()
    _make_benchmark()


def _instant(name: str, *, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not now)


def _make_budget() -> None:
    op.create_table(
        "budget",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("object", sa.String(collation="C"), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("cost_type", sa.String(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("thresholds", postgresql.ARRAY(sa.Numeric(precision=9, scale=3)), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.CheckConstraint(LAYERS, name=op.f("ck_budget_layer")),
        sa.CheckConstraint(PERIOD, name=op.f("ck_budget_period")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_budget_amount")),
        sa.CheckConstraint("cost_type in ('opex', 'capex')", name=op.f("ck_budget_cost_type")),
        sa.CheckConstraint(
            "cost_type is null or layer = 'pool'", name=op.f("ck_budget_cost_type_of_pools")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
    )
    op.create_index("ix_budget_period", "budget", ["period", "layer", "currency"])
    op.create_index(
        "uq_budget_natural_key",
        "budget",
        ["layer", "object", "period", "currency", "cost_type"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def _make_alert() -> None:
    op.create_table(
        "budget_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("threshold", sa.Numeric(precision=9, scale=3), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("object", sa.String(collation="C"), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("cost_type", sa.String(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("budget_amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _instant("raised_at", now=True),
        _instant("acknowledged_at"),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        _instant("resolved_at"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'acknowledged', 'resolved')", name=op.f("ck_budget_alert_state")
        ),
        sa.CheckConstraint(LAYERS, name=op.f("ck_budget_alert_layer")),
        sa.CheckConstraint(
            "(acknowledged_at is null) = (acknowledged_by is null)",
            name=op.f("ck_budget_alert_acknowledged"),
        ),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolved_at is not null)",
            name=op.f("ck_budget_alert_resolved"),
        ),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["budget.id"], name=op.f("fk_budget_alert_budget_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_run.id"], name=op.f("fk_budget_alert_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_alert")),
    )
    op.create_index("ix_budget_alert_period", "budget_alert", ["period", "layer", "object"])
    op.create_index(op.f("ix_budget_alert_run_id"), "budget_alert", ["run_id"])
    op.create_index(
        "uq_budget_alert_budget_id_threshold",
        "budget_alert",
        ["budget_id", "threshold"],
        unique=True,
    )


def _make_benchmark() -> None:
    op.create_table(
        "benchmark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layer", sa.String(), nullable=True),
        sa.Column("object", sa.String(collation="C"), nullable=True),
        sa.Column("kpi", sa.String(collation="C"), nullable=True),
        sa.Column("metric", sa.String(collation="C"), nullable=False),
        sa.Column("p25", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("median", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("p75", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("source", sa.String(collation="C"), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.CheckConstraint(LAYERS, name=op.f("ck_benchmark_layer")),
        sa.CheckConstraint(
            "(layer is null) = (object is null)", name=op.f("ck_benchmark_object_has_a_layer")
        ),
        sa.CheckConstraint(
            "(object is null) <> (kpi is null)", name=op.f("ck_benchmark_object_or_kpi")
        ),
        sa.CheckConstraint("p25 <= median and median <= p75", name=op.f("ck_benchmark_quartiles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benchmark")),
    )
    op.create_index("ix_benchmark_kpi", "benchmark", ["kpi", "metric", "as_of"])
    op.create_index(
        "uq_benchmark_natural_key",
        "benchmark",
        ["layer", "object", "kpi", "metric", "source", "as_of"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("benchmark")
    op.drop_table("budget_alert")
    op.drop_table("budget")
