"""Plan and actual of initiatives, what their sources state, and a gate for every step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "expectations_and_gates"
down_revision = "profile_versions"
branch_labels = None
depends_on = None

SUMS = ("planned_cost", "actual_cost", "planned_benefit", "actual_benefit")

SUM_UP_WHAT_IS_THERE = """
update initiative set
    planned_cost = sums.planned_cost, actual_cost = sums.actual_cost,
    planned_benefit = sums.planned_benefit, actual_benefit = sums.actual_benefit
from (
    select initiative_id,
        -sum(amount) filter (where basis = 'plan' and category <> 'benefit') as planned_cost,
        -sum(amount) filter (where basis = 'actual' and category <> 'benefit') as actual_cost,
        sum(amount) filter (where basis = 'plan' and category = 'benefit') as planned_benefit,
        sum(amount) filter (where basis = 'actual' and category = 'benefit') as actual_benefit
    from initiative_cash_flow group by initiative_id
) as sums
where sums.initiative_id = initiative.id
"""
"""Initiatives that exist already have the sums of their cash flows from now on."""

SAY_WHERE_NO_COST_IS_KNOWN = """
update initiative set findings = '["no_cost"]'
where planned_cost is null and actual_cost is null
"""


def upgrade() -> None:
    """Add the days, the stated figures and the sums of initiatives, and the table of gates."""
    for column in _new_columns():
        op.add_column("initiative", column)
    op.create_check_constraint(
        op.f("ck_initiative_percent_complete"),
        "initiative",
        "percent_complete between 0 and 100",
    )
    op.create_index(
        op.f("ix_initiative_tags"), "initiative", ["tags"], postgresql_using="gin", unique=False
    )
    op.execute(SUM_UP_WHAT_IS_THERE)
    op.execute(SAY_WHERE_NO_COST_IS_KNOWN)
    _create_gates()


def _new_columns() -> list[sa.Column[object]]:
    days = ("planned_started_on", "started_on", "planned_go_live_on", "closed_on")
    shares = ("percent_complete", "estimate_to_complete")
    lists = (("stated", "'{}'"), ("conflicts", "'[]'"), ("findings", "'[]'"))
    return [
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("kind", sa.String(collation="C"), nullable=True),
        sa.Column("created_by", sa.String(), nullable=True),
        *(sa.Column(name, sa.Date(), nullable=True) for name in days),
        *(sa.Column(name, sa.Numeric(precision=38, scale=18), nullable=True) for name in shares),
        *(sa.Column(name, sa.Numeric(), nullable=True) for name in SUMS),
        *(
            sa.Column(name, postgresql.JSONB(), server_default=sa.text(empty), nullable=False)
            for name, empty in lists
        ),
    ]


def _create_gates() -> None:
    as_json = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.create_table(
        "initiative_gate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("initiative_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("discount_rate", sa.Numeric(precision=38, scale=18), nullable=True),
        *(sa.Column(name, sa.Numeric(), nullable=True) for name in SUMS),
        sa.Column("benefit_source", sa.String(), nullable=False),
        sa.Column("roi_net", sa.Numeric(), nullable=True),
        sa.Column("npv", sa.Numeric(), nullable=True),
        sa.Column("promises", sa.Integer(), nullable=False),
        sa.Column("expected_values", as_json, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("because", as_json, nullable=False),
        sa.CheckConstraint(
            "step in ('approve', 'start', 'go-live', 'close')",
            name=op.f("ck_initiative_gate_step"),
        ),
        sa.CheckConstraint(
            "verdict in ('holds', 'weaker', 'broken')", name=op.f("ck_initiative_gate_verdict")
        ),
        sa.CheckConstraint(
            "benefit_source in ('cash_flows', 'value_expectations', 'none')",
            name=op.f("ck_initiative_gate_benefit_source"),
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=op.f("fk_initiative_gate_initiative_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initiative_gate")),
    )
    op.create_index(
        op.f("ix_initiative_gate_initiative_id_at"),
        "initiative_gate",
        ["initiative_id", "at"],
        unique=False,
    )


def downgrade() -> None:
    """Remove them again."""
    op.drop_table("initiative_gate")
    op.drop_index(op.f("ix_initiative_tags"), table_name="initiative", postgresql_using="gin")
    op.drop_constraint(op.f("ck_initiative_percent_complete"), "initiative", type_="check")
    for column in reversed(_new_columns()):
        op.drop_column("initiative", column.name)
