"""Tables of the value side: KPIs, observations, initiatives, promises, cash flows, reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "valuation"
down_revision = "allocation_runs"
branch_labels = None
depends_on = None

KEEP_APPROVED_REVIEWS = """
create function refuse_change_of_approved_review() returns trigger language plpgsql as $$
begin
    if old.state = 'approved' then
        raise exception 'an approved review does not change' using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger post_implementation_review_fixed
    before update or delete on post_implementation_review
    for each row execute function refuse_change_of_approved_review();

create function refuse_change_of_approved_finding() returns trigger language plpgsql as $$
declare
    review uuid := case when tg_op = 'INSERT' then new.review_id else old.review_id end;
begin
    if exists (
        select 1 from post_implementation_review r where r.id = review and r.state = 'approved'
    ) then
        raise exception 'an approved review does not change' using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger review_finding_fixed
    before insert or update or delete on review_finding
    for each row execute function refuse_change_of_approved_finding();
"""
"""Approved reviews and their findings never change, whatever the code does."""

TABLES = (
    "review_finding",
    "review_action",
    "post_implementation_review",
    "value_expectation",
    "initiative_cash_flow",
    "observation",
    "initiative",
    "value_kpi",
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "initiative",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column(
            "names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("solution", sa.String(collation="C"), nullable=True),
        sa.Column("sponsor", sa.String(), nullable=True),
        sa.Column("value_chain_stage", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("go_live_on", sa.Date(), nullable=True),
        sa.Column("strategic_fit", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("business_impact", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column(
            "tags", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "review_offsets",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
        ),
        sa.Column("historic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("value_score", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_initiative_currency")),
        sa.CheckConstraint(
            "stage in ('proposed', 'approved', 'in_delivery', 'live', 'closed', 'rejected')",
            name=op.f("ck_initiative_stage"),
        ),
        sa.CheckConstraint(
            "business_impact between 0 and 100", name=op.f("ck_initiative_business_impact")
        ),
        sa.CheckConstraint(
            "strategic_fit between 0 and 100", name=op.f("ck_initiative_strategic_fit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initiative")),
        sa.UniqueConstraint("code", name=op.f("uq_initiative_code")),
    )
    op.create_index("ix_initiative_solution", "initiative", ["solution"], unique=False)
    op.create_index("ix_initiative_value_score", "initiative", ["value_score"], unique=False)
    op.create_table(
        "value_kpi",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column(
            "names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "definition", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("kpi_class", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=True),
        sa.Column("perspective", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("formula", sa.String(), nullable=True),
        sa.Column("value_role", sa.String(), nullable=True),
        sa.Column("aggregation", sa.String(), nullable=False),
        sa.Column("baseline", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("target", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column(
            "targets", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "links", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column(
            "source", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("pack", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "aggregation in ('mean', 'sum', 'last', 'min', 'max')",
            name=op.f("ck_value_kpi_aggregation"),
        ),
        sa.CheckConstraint(
            "dimension in ('financial', 'business', 'strategic')",
            name=op.f("ck_value_kpi_dimension"),
        ),
        sa.CheckConstraint("direction in ('up', 'down')", name=op.f("ck_value_kpi_direction")),
        sa.CheckConstraint(
            "kpi_class in ('cost', 'efficiency', 'benefit', 'quality', 'innovation')",
            name=op.f("ck_value_kpi_kpi_class"),
        ),
        sa.CheckConstraint(
            "perspective in ('financial', 'customer', 'process', 'learning')",
            name=op.f("ck_value_kpi_perspective"),
        ),
        sa.CheckConstraint(
            "value_role in ('revenue', 'saving', 'use')", name=op.f("ck_value_kpi_value_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_kpi")),
        sa.UniqueConstraint("code", name=op.f("uq_value_kpi_code")),
    )
    op.create_index(
        "ix_value_kpi_links", "value_kpi", ["links"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "initiative_cash_flow",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("initiative_id", sa.Uuid(), nullable=False),
        sa.Column("natural_key", sa.String(collation="C"), nullable=False),
        sa.Column("external_id", sa.String(collation="C"), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "basis in ('plan', 'actual')", name=op.f("ck_initiative_cash_flow_basis")
        ),
        sa.CheckConstraint(
            "category in ('investment', 'run_cost', 'benefit')",
            name=op.f("ck_initiative_cash_flow_category"),
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=op.f("fk_initiative_cash_flow_initiative_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initiative_cash_flow")),
        sa.UniqueConstraint(
            "initiative_id",
            "natural_key",
            name=op.f("uq_initiative_cash_flow_initiative_id_natural_key"),
        ),
    )
    op.create_table(
        "observation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kpi_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("value", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("source", sa.String(collation="C"), nullable=False),
        sa.Column("link_key", sa.String(collation="C"), nullable=False),
        sa.Column(
            "link", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_observation_period")
        ),
        sa.ForeignKeyConstraint(["kpi_id"], ["value_kpi.id"], name=op.f("fk_observation_kpi_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        sa.UniqueConstraint(
            "kpi_id",
            "period",
            "at",
            "source",
            "link_key",
            name="uq_observation_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "post_implementation_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("initiative_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("offset_months", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column(
            "results", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "allocated_cost",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
        ),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "lessons", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "extra_benefits",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
        ),
        sa.Column("started_by", sa.String(), nullable=True),
        sa.Column("submitted_by", sa.String(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state in ('scheduled', 'in_progress', 'submitted', 'approved')",
            name=op.f("ck_post_implementation_review_state"),
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"],
            ["initiative.id"],
            name=op.f("fk_post_implementation_review_initiative_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_implementation_review")),
        sa.UniqueConstraint(
            "initiative_id",
            "offset_months",
            name=op.f("uq_post_implementation_review_initiative_id_offset_months"),
        ),
    )
    op.create_index(
        "ix_post_implementation_review_due_on",
        "post_implementation_review",
        ["due_on", "id"],
        unique=False,
    )
    op.create_table(
        "value_expectation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("initiative_id", sa.Uuid(), nullable=False),
        sa.Column("kpi_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("baseline", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("target", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("due_period", sa.String(collation="C"), nullable=True),
        sa.Column("monetary_value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("benefit_kind", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "benefit_kind in ('cashable', 'non_cashable', 'cost_avoidance',"
            " 'non_financial', 'dis_benefit')",
            name=op.f("ck_value_expectation_benefit_kind"),
        ),
        sa.CheckConstraint(
            "level in ('function', 'operation', 'strategy')",
            name=op.f("ck_value_expectation_level"),
        ),
        sa.CheckConstraint(
            "kpi_id is not null or monetary_value is not null",
            name=op.f("ck_value_expectation_something"),
        ),
        sa.CheckConstraint(
            "monetary_value is null or currency is not null",
            name=op.f("ck_value_expectation_monetary_value_has_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=op.f("fk_value_expectation_initiative_id")
        ),
        sa.ForeignKeyConstraint(
            ["kpi_id"], ["value_kpi.id"], name=op.f("fk_value_expectation_kpi_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_expectation")),
        sa.UniqueConstraint(
            "initiative_id",
            "kpi_id",
            "level",
            "due_period",
            name="uq_value_expectation_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        op.f("ix_value_expectation_initiative_id"),
        "value_expectation",
        ["initiative_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_value_expectation_kpi_id"), "value_expectation", ["kpi_id"], unique=False
    )
    op.create_table(
        "review_action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'in_progress', 'done', 'dropped')",
            name=op.f("ck_review_action_state"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["post_implementation_review.id"],
            name=op.f("fk_review_action_review_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_action")),
    )
    op.create_index(
        op.f("ix_review_action_review_id"), "review_action", ["review_id"], unique=False
    )
    op.create_index("ix_review_action_state", "review_action", ["state", "due_on"], unique=False)
    op.create_table(
        "review_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("kpi", sa.String(collation="C"), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind in ('strength', 'shortfall', 'cause', 'risk', 'observation')",
            name=op.f("ck_review_finding_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["post_implementation_review.id"],
            name=op.f("fk_review_finding_review_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_finding")),
    )
    op.create_index(
        op.f("ix_review_finding_review_id"), "review_finding", ["review_id"], unique=False
    )
    op.execute(KEEP_APPROVED_REVIEWS)


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
    op.execute("drop function refuse_change_of_approved_review")
    op.execute("drop function refuse_change_of_approved_finding")
