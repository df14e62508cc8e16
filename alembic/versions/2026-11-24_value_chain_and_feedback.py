"""The stages of the value chain, and what people say of solutions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "value_chain_and_feedback"
down_revision = "review_clock"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table for each; stages without a row go on being known by their code."""
    instant = sa.DateTime(timezone=True)
    json = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    code = sa.String(collation="C")
    op.create_table(
        "value_chain_stage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", code, nullable=False),
        sa.Column("names", json, nullable=False),
        sa.Column("description", json, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_chain_stage")),
        sa.UniqueConstraint("code", name=op.f("uq_value_chain_stage_code")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("natural_key", code, nullable=False),
        sa.Column("external_id", code, nullable=True),
        sa.Column("source", code, nullable=False),
        sa.Column("solution", code, nullable=False),
        sa.Column("consumer", code, nullable=True),
        sa.Column("period", code, nullable=False),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("score", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind in ('nps', 'csat')", name=op.f("ck_feedback_kind")),
        sa.CheckConstraint("scale in ('0-10', '1-5', '0-100')", name=op.f("ck_feedback_scale")),
        sa.CheckConstraint(
            "(kind = 'nps') = (scale = '0-10')", name=op.f("ck_feedback_scale_of_kind")
        ),
        sa.CheckConstraint("answers > 0", name=op.f("ck_feedback_answers")),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_feedback_period")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("natural_key", name=op.f("uq_feedback_natural_key")),
    )
    op.create_index("ix_feedback_period_id", "feedback", ["period", "id"])
    op.create_index("ix_feedback_solution_period", "feedback", ["solution", "period"])


def downgrade() -> None:
    """Without either."""
    op.drop_table("feedback")
    op.drop_table("value_chain_stage")
