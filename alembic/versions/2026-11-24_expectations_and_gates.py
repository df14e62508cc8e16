"""Not written yet."""

revision = "expectations_and_gates"
down_revision = "profile_versions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
