"""API keys and webhooks on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from shared.contracts.values import Code, Contract, Instant, Label
from shared.scopes import Scope


class ApiKeyRequest(Contract):
    """A key for a robot, a service or a test."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "month-end robot",
                    "subject": "robot-7",
                    "scopes": ["valuation:read", "valuation:write"],
                    "consumers": None,
                    "expires_at": "2036-12-31T23:59:59Z",
                    "rate_limit": 600,
                }
            ]
        }
    )

    name: Label
    subject: Code
    scopes: list[Scope] = Field(min_length=1, max_length=20)
    consumers: list[Code] | None = Field(default=None, max_length=200)
    expires_at: Instant | None = None
    rate_limit: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000,
        strict=True,
        description="Requests per window; 0: no limit, null: as set for all callers",
    )


class ApiKeyCreated(Contract):
    """The new key; its text is shown this once."""

    id: UUID
    prefix: str
    key: str


class KeyRotation(Contract):
    """How long the secret that a key had so far still works; 0 ends it at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": 86400}]})

    overlap_seconds: int = Field(default=86_400, ge=0, le=30 * 86_400, strict=True)


class ApiKeyRotated(ApiKeyCreated):
    """The key with its new secret, shown this once; the former one works until then."""

    previous_until: Instant


class ApiKeyAnswer(Contract):
    """A key without its secret."""

    id: UUID
    name: str
    subject: str
    prefix: str
    scopes: list[str]
    consumers: list[str] | None
    expires_at: Instant | None
    revoked_at: Instant | None
    rotated_at: Instant | None
    previous_until: Instant | None
    last_used_at: Instant | None
    rate_limit: int | None
    created_at: Instant


def _is_http(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("an http or https address is needed")
    return value


def _is_secret(value: str) -> str:
    import base64
    import binascii

    try:
        size = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
    except binascii.Error:
        size = 0
    if not 24 <= size <= 64:
        raise ValueError("24 to 64 bytes in base64 are needed")
    return value


class WebhookRequest(Contract):
    """Where to send which events; without a secret one is made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://robot.example.org/btim", "events": ["report.ready"]}]
        }
    )

    url: Annotated[
        str,
        StringConstraints(max_length=2000, pattern=r"^https?://[^\s]+$"),
        AfterValidator(_is_http),
    ] = Field(examples=["https://robot.example.org/btim"])
    events: list[
        Literal[
            "import.finished",
            "run.finished",
            "run.published",
            "statement.issued",
            "dispute.changed",
            "review.due",
            "review.approved",
            "report.ready",
            "report.failed",
            "budget.exceeded",
            "anomaly.found",
        ]
    ] = Field(min_length=1, max_length=20)
    secret: Annotated[str, StringConstraints(max_length=200), AfterValidator(_is_secret)] | None = (
        None
    )


class WebhookAnswer(Contract):
    """A webhook without its secret."""

    id: UUID
    url: str
    events: list[str]
    created_at: Instant


class WebhookCreated(WebhookAnswer):
    """A new webhook with its secret, shown this once."""

    secret: str


class DeliveryAnswer(Contract):
    """One event on its way to a webhook."""

    id: UUID
    event_id: UUID
    type: str
    attempts: int
    delivered_at: Instant | None
    given_up_at: Instant | None
    next_attempt_at: Instant
    last_error: str | None
