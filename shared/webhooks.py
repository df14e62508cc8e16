"""Addresses outside that are told of events: adding one, finding one."""

import base64
import secrets
from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from shared import audit
from shared.auth import Caller
from shared.clock import utc_now
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
    """
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
    audit.record(
        session, caller, service, "create", "webhook", str(webhook.id),
        after={"url": webhook.url, "events": webhook.events},
    )  # fmt: skip
    return webhook


def find_webhook_of_url(session: Session, service: str, url: str) -> Webhook | None:
    """The oldest webhook of a service with this address."""
    query = (
        select(Webhook)
        .where(col(Webhook.service) == service, col(Webhook.url) == url)
        .order_by(col(Webhook.id))
        .limit(1)
    )
    return session.execute(query).scalars().first()
