"""Not written yet."""

revision = "report_schedules"
down_revision = "value_chain_and_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
