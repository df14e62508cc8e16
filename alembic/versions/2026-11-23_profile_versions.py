"""Earlier versions of profiles."""

revision = "profile_versions"
down_revision = "data_quality"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
