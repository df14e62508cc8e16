"""Sources and their syncs."""

revision = "sources"
down_revision = "assets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
