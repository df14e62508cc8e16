"""Rules of data quality and what they found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "data_quality"
down_revision = "sources"
branch_labels = None
depends_on = None

TABLES = ("quality_evaluation", "quality_result", "quality_rule", "quality_figures")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "quality_evaluation",
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("change_number", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column(
            "evaluated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("period", "scenario", name=op.f("pk_quality_evaluation")),
    )
    op.create_table(
        "quality_figures",
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("topic", sa.String(collation="C"), nullable=False),
        sa.Column("change_number", sa.BigInteger(), nullable=False),
        sa.Column(
            "content", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "counted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("topic in ('lines', 'pools')", name=op.f("ck_quality_figures_topic")),
        sa.PrimaryKeyConstraint("period", "scenario", "topic", name=op.f("pk_quality_figures")),
    )
    op.create_table(
        "quality_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column(
            "names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column(
            "selector", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("threshold", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
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
        sa.CheckConstraint(
            "(measure = 'missing_share') = (field is not null)", name=op.f("ck_quality_rule_field")
        ),
        sa.CheckConstraint(
            "measure in ('count', 'amount', 'share', 'amount_share', 'missing_share', 'change',"
            " 'count_change')",
            name=op.f("ck_quality_rule_measure"),
        ),
        sa.CheckConstraint(
            "operator in ('gt', 'gte', 'lt', 'lte')", name=op.f("ck_quality_rule_operator")
        ),
        sa.CheckConstraint("scope = 'cost_lines'", name=op.f("ck_quality_rule_scope")),
        sa.CheckConstraint(
            "severity in ('info', 'warning', 'critical')", name=op.f("ck_quality_rule_severity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_rule")),
        sa.UniqueConstraint("code", name=op.f("uq_quality_rule_code")),
    )
    op.create_table(
        "quality_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("source", sa.String(collation="C"), nullable=False),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("threshold", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("breached", sa.Boolean(), nullable=False),
        sa.Column("change_number", sa.BigInteger(), nullable=False),
        sa.Column(
            "evaluated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "not breached or value is not null", name=op.f("ck_quality_result_breached")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["quality_rule.id"],
            name=op.f("fk_quality_result_rule_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_result")),
    )
    op.create_index(
        "ix_quality_result_period_scenario_id",
        "quality_result",
        ["period", "scenario", "id"],
        unique=False,
    )
    op.create_index(
        "ix_quality_result_rule_id_period_id",
        "quality_result",
        ["rule_id", "period", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Drop the tables, rules and their results included."""
    for table in TABLES:
        op.drop_table(table)
