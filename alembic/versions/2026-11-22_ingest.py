"""Tables of the ingest service."""

revision = "ingest"
down_revision = "platform"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
