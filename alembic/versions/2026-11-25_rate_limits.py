"""Requests counted per caller, shared by all processes."""

import sqlalchemy as sa
from alembic import op

revision = "rate_limits"
down_revision = "access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Counts need not outlive a crash; the services' own keys are not limited."""
    op.add_column("api_key", sa.Column("rate_limit", sa.Integer(), nullable=True))
    op.execute("update api_key set rate_limit = 0 where subject like 'service:%'")
    op.create_table(
        "rate_window",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rate_window")),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    """Everybody may ask as often as they like."""
    op.drop_table("rate_window")
    op.drop_column("api_key", "rate_limit")
