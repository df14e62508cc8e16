"""Sends events to other services and to webhooks (signed after Standard Webhooks)."""

import base64
import hashlib
import hmac
import socket
from contextlib import closing, suppress

import httpx

from shared.clients.base import ServiceClient, service_key, to_json
from shared.clients.outside.hosts import addresses_of, port_of, read_url, send_pinned
from shared.clients.outside.problems import HostNotAllowed
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
        client.request("POST", "/v1/events", body=body)


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
            "sequence": event.sequence,
            "data": {"id": event.resource_id, **event.payload},
        }
    )
    timestamp = int(utc_now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(event.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(webhook.secret, str(event.id), timestamp, body),
        "X-Correlation-ID": event.correlation_id,
    }
    url = read_webhook_url(webhook.url)
    addresses = public_addresses(url)
    try:
        with (
            httpx.Client(
                timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
            ) as client,
            closing(send_pinned(client, "POST", url, addresses, headers, body)) as response,
        ):
            arrived, status = response.is_success, response.status_code
    except httpx.HTTPError as error:
        raise Unavailable(f"attempt {attempt}: {type(error).__name__}") from error
    if not arrived:
        raise Unavailable(f"attempt {attempt}: answered {status}")


def check_webhook_url(text: str) -> None:
    """422 for what can be told from the address alone: no name is looked up."""
    url = read_webhook_url(text)
    with suppress(Unavailable):
        public_addresses(url, socket.AI_NUMERICHOST)


def read_webhook_url(text: str) -> httpx.URL:
    """A webhook's address taken apart; 422 `bad_webhook_url`."""
    try:
        return read_url(text)
    except HostNotAllowed as refused:
        raise RuleBroken.at("/url", "bad_webhook_url", refused.detail) from refused


def public_addresses(url: httpx.URL, flags: int = 0) -> list[str]:
    """The addresses to connect to; private and loopback ones are refused unless allowed.

    The connection goes to the very addresses that were checked, so that a name that resolves to
    something else a moment later does not help.
    """
    addresses = addresses_of(url.raw_host.decode(), port_of(url), flags)
    private = [address for address in addresses if not is_public(address)]
    if private and not get_settings().webhook_allow_private:
        raise RuleBroken.at("/url", "private_address", "webhooks may not call private addresses")
    return addresses
