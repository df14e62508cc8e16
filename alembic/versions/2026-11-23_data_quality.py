"""Rules of data quality and what they found."""

revision = "data_quality"
down_revision = "sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
