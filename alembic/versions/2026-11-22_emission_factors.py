"""Emission factors: kilograms of CO2e per kilowatt-hour, by region and date."""

import sqlalchemy as sa
from alembic import op

revision = "emission_factors"
down_revision = "reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; runs note which exchange rates and which factors they take."""
    op.create_table(
        "emission_factor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("region", sa.String(collation="C"), nullable=False),
        sa.Column("scope", sa.String(collation="C"), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("valid_from", sa.String(collation="C"), nullable=False),
        sa.Column("kg_per_kwh", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("live_from", sa.BigInteger(), nullable=False),
        sa.Column("live_to", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "basis in ('location', 'market')", name=op.f("ck_emission_factor_basis")
        ),
        sa.CheckConstraint(
            "valid_from ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_emission_factor_valid_from")
        ),
        sa.CheckConstraint("kg_per_kwh >= 0", name=op.f("ck_emission_factor_kg_per_kwh")),
        sa.CheckConstraint("live_to > live_from", name=op.f("ck_emission_factor_live")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emission_factor")),
    )
    op.create_index("ix_emission_factor_code", "emission_factor", ["code"])
    op.create_index(
        "uq_emission_factor_live",
        "emission_factor",
        ["region", "scope", "basis", "valid_from"],
        unique=True,
        postgresql_where=sa.text("live_to is null"),
    )
    for name, usual, allowed in (
        ("rate_kind", "average", "'average', 'closing'"),
        ("emission_basis", "location", "'location', 'market'"),
    ):
        op.add_column(
            "allocation_run", sa.Column(name, sa.String(), server_default=usual, nullable=False)
        )
        op.create_check_constraint(
            op.f(f"ck_allocation_run_{name}"), "allocation_run", f"{name} in ({allowed})"
        )


def downgrade() -> None:
    """Drop them."""
    for name in ("emission_basis", "rate_kind"):
        op.drop_constraint(op.f(f"ck_allocation_run_{name}"), "allocation_run", type_="check")
        op.drop_column("allocation_run", name)
    op.drop_table("emission_factor")
