"""Sends events to other services and to webhooks (signed after Standard Webhooks)."""

import base64
import hashlib
import hmac
import socket
from urllib.parse import urlsplit

import httpx

from shared.clients.base import ServiceClient, service_key, to_json
from shared.clients.public_addresses import is_public
from shared.clock import utc_now
from shared.errors import RuleBroken, Unavailable
from shared.settings import get_settings
from shared.tables.platform import OutboxEvent, Webhook

TIMEOUT_SECONDS = 10.0


def send_to_service(target: str, event: OutboxEvent) -> None:
    """POST an event to another service; its id makes a repeat harmless."""
    base_url = get_settings().service_url(target)
    body = {
        "id": str(event.id),
        "type": event.type,
        "source": event.service,
        "resource_id": event.resource_id,
        "payload": event.payload,
    }
    with ServiceClient(
        base_url, service_key(event.service), timeout_seconds=TIMEOUT_SECONDS
    ) as client:
        client.request(
            "POST", "/v1/events", body=body, headers={"X-Correlation-ID": event.correlation_id}
        )


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256>` over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def send_to_webhook(webhook: Webhook, event: OutboxEvent, attempt: int) -> None:
    """POST an event to an outside address; anything but 2xx is a failed attempt."""
    body = to_json(
        {
            "type": event.type,
            "timestamp": event.created_at.isoformat(),
            "data": {"id": event.resource_id, **event.payload},
        }
    )
    timestamp = int(utc_now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(event.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(webhook.secret, str(event.id), timestamp, body),
    }
    address = public_address(webhook.url)
    url = httpx.URL(webhook.url)
    pinned = url.copy_with(host=address)
    headers["Host"] = url.netloc.decode()
    try:
        with httpx.Client(
            timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
        ) as client:
            response = client.post(
                pinned,
                content=body,
                headers=headers,
                extensions={"sni_hostname": url.host},
            )
    except httpx.HTTPError as error:
        raise Unavailable(f"attempt {attempt}: {type(error).__name__}") from error
    if not response.is_success:
        raise Unavailable(f"attempt {attempt}: answered {response.status_code}")


def public_address(url: str) -> str:
    """The address to connect to; private and loopback ones are refused unless allowed.

    The connection goes to the very address that was checked, so that a name that resolves to
    something else a moment later does not help.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise RuleBroken("a webhook is an http or https address", code="bad_webhook_url")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable("the name of the webhook does not resolve") from error
    address = str(found[0][4][0])
    if not get_settings().webhook_allow_private and not is_public(address):
        raise RuleBroken("webhooks may not call private addresses", code="private_address")
    return address
