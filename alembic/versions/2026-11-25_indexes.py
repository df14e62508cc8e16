"""Indexes that large tables lacked."""

revision = "indexes"
down_revision = "lifecycle"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
