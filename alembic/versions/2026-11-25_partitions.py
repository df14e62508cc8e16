"""Cost lines and the chunks of runs, one partition a period."""

revision = "partitions"
down_revision = "rate_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
