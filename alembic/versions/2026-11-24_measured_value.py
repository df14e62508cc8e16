"""Not written yet."""

revision = "measured_value"
down_revision = "expectations_and_gates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
