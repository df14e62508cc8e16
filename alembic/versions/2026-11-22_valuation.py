"""Tables of the valuation service."""

revision = "valuation"
down_revision = "allocation_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
