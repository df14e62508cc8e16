"""API keys that are rotated: the secret they had works on for a while."""

import sqlalchemy as sa
from alembic import op

revision = "access"
down_revision = "report_schedules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All new columns may be empty, so that older code goes on."""
    op.add_column("api_key", sa.Column("previous_hash", sa.LargeBinary(), nullable=True))
    for name in ("previous_until", "rotated_at"):
        op.add_column("api_key", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Former secrets end at once."""
    for name in ("rotated_at", "previous_until", "previous_hash"):
        op.drop_column("api_key", name)
