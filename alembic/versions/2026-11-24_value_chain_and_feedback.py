"""Not written yet."""

revision = "value_chain_and_feedback"
down_revision = "review_clock"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
