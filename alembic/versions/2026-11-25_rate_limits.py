"""Requests counted per caller, shared by all processes."""

revision = "rate_limits"
down_revision = "access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
