"""Assets of the CMDB."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "assets"
down_revision = "statements"
branch_labels = None
depends_on = None

TOPICS = "topic in ('cost_lines', 'driver_quantities', 'exchange_rates', 'tickets'"


def upgrade() -> None:
    """Assets, what allocation was told of them, and their changes."""
    op.create_table(
        "asset",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column(
            "names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("asset_class", sa.String(collation="C"), nullable=True),
        sa.Column("status", sa.String(collation="C"), nullable=True),
        sa.Column("vendor", sa.String(collation="C"), nullable=True),
        sa.Column("serial_number", sa.String(collation="C"), nullable=True),
        sa.Column("cost", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.String(collation="C"), nullable=True),
        sa.Column("residual_value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("useful_life_months", sa.Integer(), nullable=True),
        sa.Column("life_ends", sa.String(collation="C"), nullable=True),
        sa.Column("capacity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("utilisation_driver", sa.String(collation="C"), nullable=True),
        sa.Column("kwh", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("embodied_kgco2e", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("tower", sa.String(collation="C"), nullable=True),
        sa.Column("solution", sa.String(collation="C"), nullable=True),
        sa.Column("consumer", sa.String(collation="C"), nullable=True),
        sa.Column(
            "tags", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("row_no", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("live_from", sa.BigInteger(), nullable=False),
        sa.Column("live_to", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "life_ends ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_asset_life_ends")
        ),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_asset_capacity")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_asset_cost")),
        sa.CheckConstraint("cost is null or currency is not null", name=op.f("ck_asset_currency")),
        sa.CheckConstraint("embodied_kgco2e >= 0", name=op.f("ck_asset_embodied_kgco2e")),
        sa.CheckConstraint("kwh >= 0", name=op.f("ck_asset_kwh")),
        sa.CheckConstraint("live_to > live_from", name=op.f("ck_asset_live")),
        sa.CheckConstraint(
            "residual_value >= 0 and (cost is null or residual_value <= cost)",
            name=op.f("ck_asset_residual_value"),
        ),
        sa.CheckConstraint("useful_life_months > 0", name=op.f("ck_asset_useful_life_months")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
    )
    op.create_index("ix_asset_code_live_from", "asset", ["code", "live_from"], unique=False)
    op.create_index("ix_asset_import_id", "asset", ["import_id"], unique=False)
    op.create_index(
        "ix_asset_live_life_ends",
        "asset",
        ["life_ends", "code"],
        unique=False,
        postgresql_where=sa.text("live_to is null"),
    )
    op.create_index(
        "uq_asset_live", "asset", ["code"], unique=True, postgresql_where=sa.text("live_to is null")
    )
    op.create_index(
        "uq_asset_live_id",
        "asset",
        ["asset_id"],
        unique=True,
        postgresql_where=sa.text("live_to is null"),
    )
    op.create_table(
        "asset_object",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column(
            "told_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_object")),
    )
    op.drop_constraint(op.f("ck_period_change_topic"), "period_change", type_="check")
    op.create_check_constraint(
        op.f("ck_period_change_topic"), "period_change", f"{TOPICS}, 'assets')"
    )


def downgrade() -> None:
    """Without assets."""
    op.execute("delete from period_change where topic = 'assets'")
    op.drop_constraint(op.f("ck_period_change_topic"), "period_change", type_="check")
    op.create_check_constraint(op.f("ck_period_change_topic"), "period_change", f"{TOPICS})")
    op.drop_table("asset_object")
    op.drop_table("asset")
