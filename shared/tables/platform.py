"""Tables of the foundations, shared by the three services: keys, jobs, audit, events, files."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    big_integer_column,
    bytes_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    reference_column,
    text_column,
)


class Deployment(Table, table=True):
    """One row: the secret that signs cursors of this deployment."""

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True))
    secret: bytes = bytes_column()

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class ApiKey(Table, table=True):
    """A robot's or service's key; only hashes of its secret, and of the one before, are kept."""

    __tablename__ = "api_key"

    id: UUID = id_column()
    name: str = text_column()
    subject: str = text_column()
    prefix: str = Field(sa_column=Column(String, nullable=False, unique=True))
    secret_hash: bytes = bytes_column()
    previous_hash: bytes | None = bytes_column(nullable=True)
    previous_until: datetime | None = instant_column(nullable=True)
    rotated_at: datetime | None = instant_column(nullable=True)
    scopes: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    consumers: list[str] | None = Field(default=None, sa_column=Column(ARRAY(String)))
    expires_at: datetime | None = instant_column(nullable=True)
    revoked_at: datetime | None = instant_column(nullable=True)
    last_used_at: datetime | None = instant_column(nullable=True)
    rate_limit: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    created_at: datetime = instant_column(now=True)


class RateWindow(Table, table=True):
    """How many requests the present window of a caller or address has given away."""

    __tablename__ = "rate_window"

    name: str = Field(sa_column=Column(String, primary_key=True))
    began_at: datetime = instant_column()
    taken: int = big_integer_column()

    __table_args__ = ({"prefixes": ["UNLOGGED"]},)


class IdempotencyKey(Table, table=True):
    """The first answer given to a request that carried an Idempotency-Key."""

    __tablename__ = "idempotency_key"

    caller: str = Field(sa_column=Column(String, primary_key=True))
    key: str = Field(sa_column=Column(String, primary_key=True))
    fingerprint: bytes = bytes_column()
    status: int = integer_column()
    headers: dict[str, str] = json_column()
    body: bytes = bytes_column()
    created_at: datetime = Field(
        default=None,
        sa_column=Column(
            DateTime(timezone=True), nullable=False, index=True, server_default=text("now()")
        ),
    )


class Job(Table, table=True):
    """Long work as callers see it; the queue's own row lies in procrastinate's tables."""

    __tablename__ = "job"

    id: UUID = id_column()
    service: str = text_column()
    kind: str = text_column()
    status: str = text_column(default="queued")
    progress: float = Field(default=0.0, nullable=False)
    arguments: dict[str, Any] = json_column()
    resource_id: str = text_column()
    resource_href: str = text_column()
    problem: dict[str, Any] | None = json_column(nullable=True)
    cancel_requested: bool = Field(default=False, nullable=False)
    attempts: int = integer_column()
    queue_job_id: int | None = big_integer_column(nullable=True, default=None)
    subject: str = text_column()
    correlation_id: str = text_column(default="")
    created_at: datetime = instant_column(now=True)
    started_at: datetime | None = instant_column(nullable=True)
    finished_at: datetime | None = instant_column(nullable=True)

    __table_args__ = (
        CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="status"
        ),
        Index("ix_job_service_kind_status", "service", "kind", "status"),
        Index("ix_job_open", "service", postgresql_where=text("finished_at is null")),
    )


class AuditEvent(Table, table=True):
    """Who did what, when; written in the transaction of the command, never changed."""

    __tablename__ = "audit_event"

    id: UUID = id_column()
    at: datetime = instant_column()
    service: str = text_column()
    subject: str = text_column()
    action: str = text_column()
    resource_type: str = text_column()
    resource_id: str = text_column()
    correlation_id: str = text_column(default="")
    details: dict[str, Any] = json_column()
    content_hash: str = text_column()

    __table_args__ = (
        Index("ix_audit_event_service_id", "service", "id"),
        Index("ix_audit_event_resource", "resource_type", "resource_id"),
    )


class AuditUnsealed(Table, table=True):
    """Events that the sealer has not chained yet; filled by a trigger."""

    __tablename__ = "audit_unsealed"

    event_id: UUID = Field(sa_column=Column(UuidType, primary_key=True))


class AuditSeal(Table, table=True):
    """The hash chain over audit events, in the order in which they were sealed."""

    __tablename__ = "audit_seal"

    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: UUID = Field(
        sa_column=Column(UuidType, ForeignKey("audit_event.id"), nullable=False, unique=True)
    )
    previous_hash: str = text_column()
    hash: str = text_column()
    sealed_at: datetime = instant_column(now=True)


class OutboxEvent(Table, table=True):
    """An event of a service, written with the change that it reports.

    `sequence` grows with every event of one resource, so that receivers can put them in order.
    `webhook_id` names one webhook that is told of it whatever it subscribes to.
    """

    __tablename__ = "outbox_event"

    id: UUID = id_column()
    service: str = text_column()
    type: str = text_column()
    resource_id: str = text_column()
    payload: dict[str, Any] = json_column()
    correlation_id: str = text_column(default="")
    created_at: datetime = instant_column(now=True)
    sequence: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger, nullable=True, server_default=text("nextval('outbox_event_sequence')")
        ),
    )
    routed: bool = Field(default=False, nullable=False)
    webhook_id: UUID | None = Field(default=None, sa_column=Column(UuidType, nullable=True))

    __table_args__ = (Index("ix_outbox_event_unrouted", "id", postgresql_where=text("not routed")),)


class Webhook(Table, table=True):
    """An outside address that is told of events."""

    __tablename__ = "webhook"

    id: UUID = id_column()
    service: str = text_column()
    url: str = text_column()
    events: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    secret: str = text_column()
    subject: str = text_column()
    created_at: datetime = instant_column(now=True)


class OutboxDelivery(Table, table=True):
    """One event on its way to one receiver: another service or a webhook."""

    __tablename__ = "outbox_delivery"

    id: UUID = id_column()
    event_id: UUID = reference_column("outbox_event.id")
    webhook_id: UUID | None = Field(
        default=None,
        sa_column=Column(UuidType, ForeignKey("webhook.id", ondelete="CASCADE"), index=True),
    )
    target_service: str | None = text_column(nullable=True)
    attempts: int = integer_column()
    next_attempt_at: datetime = instant_column(now=True)
    delivered_at: datetime | None = instant_column(nullable=True)
    given_up_at: datetime | None = instant_column(nullable=True)
    last_error: str | None = text_column(nullable=True)

    __table_args__ = (
        Index(
            "ix_outbox_delivery_due",
            "next_attempt_at",
            postgresql_where=text("delivered_at is null and given_up_at is null"),
        ),
        UniqueConstraint(
            "event_id", "webhook_id", "target_service", postgresql_nulls_not_distinct=True
        ),
    )


class ReceivedEvent(Table, table=True):
    """Events of other services that this service has taken in, so that a repeat does nothing."""

    __tablename__ = "received_event"

    service: str = Field(sa_column=Column(String, primary_key=True))
    event_id: UUID = Field(sa_column=Column(UuidType, primary_key=True))
    received_at: datetime = instant_column(now=True)


class StoredFile(Table, table=True):
    """An uploaded file or a finished report; its bytes lie in chunks or in a shared folder.

    `sha256` and `bytes` are those of the file as it came, also where personal data was taken out
    (`rewritten_at`) or the content was removed (`removed_at`, `removed_for`).
    """

    __tablename__ = "stored_file"

    id: UUID = id_column()
    name: str = text_column()
    media_type: str = text_column()
    sha256: str = text_column()
    bytes: int = big_integer_column()
    place: str = text_column(default="database")
    created_at: datetime = instant_column(now=True)
    removed_at: datetime | None = instant_column(nullable=True)
    removed_for: str | None = text_column(nullable=True)
    rewritten_at: datetime | None = instant_column(nullable=True)


class StoredFileChunk(Table, table=True):
    """A piece of a stored file."""

    __tablename__ = "stored_file_chunk"

    file_id: UUID = Field(
        sa_column=Column(
            UuidType, ForeignKey("stored_file.id", ondelete="CASCADE"), primary_key=True
        )
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
