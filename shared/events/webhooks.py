"""Addresses outside that are told of events: adding one, finding one."""

import base64
import secrets
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from shared.audit import trail
from shared.auth import Caller
from shared.clients.events import check_webhook_url
from shared.clock import utc_now
from shared.errors import Conflict
from shared.postgres import advisory_locks
from shared.tables.platform import Webhook


def register_webhook(
    session: Session,
    caller: Caller,
    service: str,
    url: str,
    events: Collection[str],
    secret: str | None = None,
) -> Webhook:
    """A webhook that is told of these events; without a secret one is made.

    With no events it is told only of what names it, such as the reports of its schedules.
    422 `bad_webhook_url`, `private_address`; 409 `webhook_exists` where the address is told of
    one of these events already: it would be told twice.
    """
    check_webhook_url(url)
    advisory_locks.hold(session, f"webhook:{service}:{url}")
    if twice := _told_already(session, service, url, events):
        raise Conflict(f"webhook {twice} tells this address already", code="webhook_exists")
    webhook = Webhook(
        service=service,
        url=url,
        events=sorted(set(events)),
        secret=secret or "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        subject=caller.subject,
        created_at=utc_now(),
    )
    session.add(webhook)
    session.flush()
    trail.record(
        session, caller, service, "create", "webhook", str(webhook.id),
        after={"url": webhook.url, "events": webhook.events},
    )  # fmt: skip
    return webhook


def _told_already(session: Session, service: str, url: str, events: Collection[str]) -> UUID | None:
    """The webhook through which an address is told of one of these events."""
    query = select(Webhook).where(col(Webhook.service) == service, col(Webhook.url) == url)
    told = (hook.id for hook in session.scalars(query) if set(hook.events) & set(events))
    return next(told, None)


def find_webhook_of_url(session: Session, service: str, url: str) -> Webhook | None:
    """The oldest webhook of a service with this address."""
    query = (
        select(Webhook)
        .where(col(Webhook.service) == service, col(Webhook.url) == url)
        .order_by(col(Webhook.id))
        .limit(1)
    )
    return session.execute(query).scalars().first()
