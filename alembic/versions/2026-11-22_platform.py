"""The foundations: keys, jobs, audit trail, outbox, files, and the queue's own schema."""

import secrets

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "platform"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_event", "audit_seal")

REFUSE_CHANGE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail only grows' using errcode = 'restrict_violation';
end $$;
"""

NOTE_UNSEALED = """
create function note_unsealed_audit_event() returns trigger language plpgsql as $$
begin
    insert into audit_unsealed (event_id) values (new.id);
    return null;
end $$;
create trigger audit_event_unsealed after insert on audit_event
    for each row execute function note_unsealed_audit_event();
"""

DROP_QUEUE = """
do $$
declare thing record;
begin
    for thing in select tablename from pg_tables
        where schemaname = current_schema() and tablename like 'procrastinate_%'
    loop
        execute format('drop table %I cascade', thing.tablename);
    end loop;
    for thing in select oid::regprocedure as signature from pg_proc
        where pronamespace = current_schema()::regnamespace and proname like 'procrastinate_%'
    loop
        execute format('drop function %s cascade', thing.signature);
    end loop;
    for thing in select typname from pg_type
        where typnamespace = current_schema()::regnamespace
        and typname like 'procrastinate_%' and typtype in ('e', 'c')
    loop
        execute format('drop type %I cascade', thing.typname);
    end loop;
end $$;
"""


def _run(statements: str) -> None:
    """Statements as they are; the driver reads a single % as a placeholder."""
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def upgrade() -> None:
    """Make the tables of the foundations and the queue."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("consumers", postgresql.ARRAY(sa.String()), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column(
            "details", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        "ix_audit_event_resource", "audit_event", ["resource_type", "resource_id"], unique=False
    )
    op.create_index("ix_audit_event_service_id", "audit_event", ["service", "id"], unique=False)
    op.create_table(
        "audit_unsealed",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_audit_unsealed")),
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_deployment_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column(
            "headers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(
        op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column(
            "arguments", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("resource_href", sa.String(), nullable=False),
        sa.Column(
            "problem", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queue_job_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_job_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_open",
        "job",
        ["service"],
        unique=False,
        postgresql_where=sa.text("finished_at is null"),
    )
    op.create_index(
        "ix_job_service_kind_status", "job", ["service", "kind", "status"], unique=False
    )
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column(
            "payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("routed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index(
        "ix_outbox_event_unrouted",
        "outbox_event",
        ["id"],
        unique=False,
        postgresql_where=sa.text("not routed"),
    )
    op.create_table(
        "received_event",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("service", "event_id", name=op.f("pk_received_event")),
    )
    op.create_table(
        "stored_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column(
            "sealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["audit_event.id"], name=op.f("fk_audit_seal_event_id")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seal_event_id")),
    )
    op.create_table(
        "outbox_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=True),
        sa.Column("target_service", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outbox_event.id"], name=op.f("fk_outbox_delivery_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
            name=op.f("fk_outbox_delivery_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_delivery")),
        sa.UniqueConstraint(
            "event_id",
            "webhook_id",
            "target_service",
            name=op.f("uq_outbox_delivery_event_id_webhook_id_target_service"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_outbox_delivery_due",
        "outbox_delivery",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("delivered_at is null and given_up_at is null"),
    )
    op.create_index(
        op.f("ix_outbox_delivery_event_id"), "outbox_delivery", ["event_id"], unique=False
    )
    op.create_index(
        op.f("ix_outbox_delivery_webhook_id"), "outbox_delivery", ["webhook_id"], unique=False
    )
    op.create_table(
        "stored_file_chunk",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["stored_file.id"],
            name=op.f("fk_stored_file_chunk_file_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_stored_file_chunk")),
    )
    _run(SchemaManager.get_schema())
    _run(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        _run(
            f"create trigger {table}_only_grows before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )
    _run(NOTE_UNSEALED)
    secret = sa.text("insert into deployment (id, secret) values (1, :secret)")
    op.get_bind().execute(secret, {"secret": secrets.token_bytes(32)})


def downgrade() -> None:
    """Take everything away again."""
    _run(DROP_QUEUE)
    op.drop_table("stored_file_chunk")
    op.drop_index(op.f("ix_outbox_delivery_webhook_id"), table_name="outbox_delivery")
    op.drop_index(op.f("ix_outbox_delivery_event_id"), table_name="outbox_delivery")
    op.drop_index(
        "ix_outbox_delivery_due",
        table_name="outbox_delivery",
        postgresql_where=sa.text("delivered_at is null and given_up_at is null"),
    )
    op.drop_table("outbox_delivery")
    op.drop_table("audit_seal")
    op.drop_table("webhook")
    op.drop_table("stored_file")
    op.drop_table("received_event")
    op.drop_index(
        "ix_outbox_event_unrouted",
        table_name="outbox_event",
        postgresql_where=sa.text("not routed"),
    )
    op.drop_table("outbox_event")
    op.drop_index("ix_job_service_kind_status", table_name="job")
    op.drop_index("ix_job_open", table_name="job", postgresql_where=sa.text("finished_at is null"))
    op.drop_table("job")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("deployment")
    op.drop_table("audit_unsealed")
    op.drop_index("ix_audit_event_service_id", table_name="audit_event")
    op.drop_index("ix_audit_event_resource", table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("api_key")
    _run("drop function note_unsealed_audit_event()")
    _run("drop function refuse_change()")
