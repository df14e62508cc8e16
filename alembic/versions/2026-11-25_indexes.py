"""Indexes that large tables lacked: lists of one period or of some days, page by page."""

from alembic import op

revision = "indexes"
down_revision = "lifecycle"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_observation_period_id": "observation (period, id)",
    "ix_initiative_cash_flow_paid_on_id": "initiative_cash_flow (paid_on, id)",
}


def upgrade() -> None:
    """Built while everybody reads and writes; what a broken attempt left is made anew."""
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = 0")  # it waits for others, nobody waits for it
        for name, columns in INDEXES.items():
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} on {columns}")
        op.execute("set lock_timeout = '1s'")


def downgrade() -> None:
    """Drop them."""
    for name in INDEXES:
        op.execute(f"drop index if exists {name}")
