"""When reviews are announced, what else they look at, and success cases made from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "review_clock"
down_revision = "measured_value"
branch_labels = None
depends_on = None

REVIEW_COLUMNS = (
    "judgement",
    "discount_rate",
    "satisfaction",
    "adoption",
    "decision",
    "cost",
    "manual_results",
    "next_notice_on",
    "due_set_at",
)
KEEP_ACTIONS_OF_APPROVED_REVIEWS = """
create function refuse_change_of_approved_action() returns trigger language plpgsql as $$
declare
    review uuid := case when tg_op = 'INSERT' then new.review_id else old.review_id end;
begin
    if tg_op = 'UPDATE' and (new.review_id, new.text, new.owner, new.due_on)
        is not distinct from (old.review_id, old.text, old.owner, old.due_on) then
        return new;
    end if;
    if exists (
        select 1 from post_implementation_review r where r.id = review and r.state = 'approved'
    ) then
        raise exception 'an approved review does not change' using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger review_action_fixed
    before insert or update or delete on review_action
    for each row execute function refuse_change_of_approved_action();
"""
"""What is to be done stays as it was approved; how it stands is followed on."""


def upgrade() -> None:
    """Add columns to reviews; make the tables of announcements and cases."""
    _add_columns()
    _make_announcements()
    _make_cases()
    op.execute(KEEP_ACTIONS_OF_APPROVED_REVIEWS)


def _json() -> postgresql.JSONB:
    return postgresql.JSONB(none_as_null=True, astext_type=sa.Text())


def _add_columns() -> None:
    table = "post_implementation_review"
    op.add_column(table, sa.Column("due_set_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(table, sa.Column("next_notice_on", sa.Date(), nullable=True))
    op.add_column(
        table,
        sa.Column("manual_results", _json(), server_default=sa.text("'[]'"), nullable=False),
    )
    for name in ("cost", "decision", "adoption", "satisfaction", "judgement"):
        op.add_column(table, sa.Column(name, _json(), nullable=True))
    op.add_column(table, sa.Column("discount_rate", sa.Numeric(38, 18), nullable=True))
    op.create_index(
        "ix_post_implementation_review_next_notice_on",
        table,
        ["next_notice_on"],
        unique=False,
        postgresql_where=sa.text("state <> 'approved'"),
    )


def _make_announcements() -> None:
    op.create_table(
        "review_announcement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('reminder', 'due', 'overdue')", name=op.f("ck_review_announcement_kind")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["post_implementation_review.id"],
            name=op.f("fk_review_announcement_review_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_announcement")),
        sa.UniqueConstraint(
            "review_id",
            "kind",
            "due_on",
            "planned_on",
            name=op.f("uq_review_announcement_review_id_kind_due_on_planned_on"),
        ),
    )


def _make_cases() -> None:
    op.create_table(
        "success_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("initiative", sa.String(collation="C"), nullable=False),
        sa.Column("initiative_names", _json(), nullable=False),
        sa.Column("solution", sa.String(collation="C"), nullable=True),
        sa.Column("value_chain_stage", sa.String(collation="C"), nullable=True),
        sa.Column("names", _json(), nullable=False),
        sa.Column("summary", _json(), nullable=True),
        sa.Column("story", _json(), nullable=False),
        sa.Column("tags", _json(), nullable=False),
        sa.Column("kpis", _json(), nullable=False),
        sa.Column("published", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("figures", _json(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["post_implementation_review.id"],
            name=op.f("fk_success_case_review_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_success_case")),
        sa.UniqueConstraint("code", name=op.f("uq_success_case_code")),
    )
    op.create_index(op.f("ix_success_case_initiative"), "success_case", ["initiative"])
    op.create_index(op.f("ix_success_case_review_id"), "success_case", ["review_id"])
    for name in ("kpis", "tags"):
        op.create_index(f"ix_success_case_{name}", "success_case", [name], postgresql_using="gin")


def downgrade() -> None:
    """Take it all away again."""
    op.execute("drop trigger review_action_fixed on review_action")
    op.execute("drop function refuse_change_of_approved_action")
    op.drop_table("success_case")
    op.drop_table("review_announcement")
    op.drop_index(
        "ix_post_implementation_review_next_notice_on", table_name="post_implementation_review"
    )
    for name in REVIEW_COLUMNS:
        op.drop_column("post_implementation_review", name)
