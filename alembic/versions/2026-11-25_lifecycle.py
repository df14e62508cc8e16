"""Personal data and its purge, retention, signed heads of the audit chain."""

revision = "lifecycle"
down_revision = "partitions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
