"""Not written yet."""

revision = "review_clock"
down_revision = "measured_value"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
