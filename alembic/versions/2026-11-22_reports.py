"""Tables of the reports of the valuation service."""

revision = "reports"
down_revision = "valuation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
