"""API keys that are rotated, and what binds a caller."""

revision = "access"
down_revision = "report_schedules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
