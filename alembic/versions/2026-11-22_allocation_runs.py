"""Tables of the runs of the allocation service."""

revision = "allocation_runs"
down_revision = "allocation_model"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
