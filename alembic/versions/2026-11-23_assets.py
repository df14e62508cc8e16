"""Assets of the CMDB."""

revision = "assets"
down_revision = "statements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
