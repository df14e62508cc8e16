"""Personal data and its purge, retention, signed heads of the audit chain, numbers of events."""

from alembic import op

revision = "lifecycle"
down_revision = "partitions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is written anew: events that are there already keep no number."""
    op.execute("create sequence outbox_event_sequence as bigint")
    op.execute("alter table outbox_event add column sequence bigint")
    op.execute(
        "alter table outbox_event alter column sequence"
        " set default nextval('outbox_event_sequence')"
    )


def downgrade() -> None:
    """Events without numbers."""
    op.execute("alter table outbox_event drop column sequence")
    op.execute("drop sequence outbox_event_sequence")
