"""Idempotency-Key: the same key and body get the first answer again, whatever happened between.

The key is claimed by a transaction lock and its answer is kept in the transaction of the
request itself, so an answer is on record exactly when its effect is.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import Conflict, RuleBroken, Unreadable
from shared.tables.platform import IdempotencyKey

KEPT_HEADERS = ("location", "etag", "content-type", "content-language", "retry-after")


@dataclass(frozen=True)
class IdempotentRequest:
    """Who sent which key with what."""

    caller: str
    key: str
    fingerprint: bytes


class Replay(Exception):
    """The request was answered before; this is that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


def read_key(header: str) -> str:
    """The key, with or without the quotes of a structured field."""
    written = header.strip()
    key = written.removeprefix('"').removesuffix('"')
    if not key or len(written) > 255 or not key.isascii() or not key.isprintable() or " " in key:
        raise Unreadable(
            "an Idempotency-Key has 1 to 255 visible ASCII characters", code="bad_idempotency_key"
        )
    return key


async def fingerprint(request: Request) -> bytes:
    """A hash of method, path, query and content; multipart by its parts, not its boundary.

    How long the caller waits for the answer is no part of what it asks.
    """
    asked = [part for part in request.url.query.split("&") if not part.startswith("wait=")]
    digest = hashlib.sha256()
    digest.update(f"{request.method} {request.url.path}?{'&'.join(asked)}\n".encode())
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        for name, value in (await request.form()).multi_items():
            digest.update(f"\x00{name}\x00".encode())
            if isinstance(value, str):
                digest.update(value.encode())
                continue
            digest.update(f"{value.filename}\x00".encode())
            while chunk := await value.read(1 << 20):
                digest.update(chunk)
            await value.seek(0)
    else:
        digest.update(await request.body())
    return digest.digest()


def claim(session: Session, state: State) -> None:
    """Take the key for this transaction, or answer as before, or refuse."""
    wanted: IdempotentRequest | None = getattr(state, "idempotent", None)
    if wanted is None:
        return
    lock = {"name": f"idempotency:{wanted.caller}:{wanted.key}"}
    taken = session.execute(
        text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), lock
    ).scalar_one()
    if not taken:
        raise Conflict("the first request with this key still runs", code="idempotency_key_in_use")
    known = session.get(IdempotencyKey, (wanted.caller, wanted.key))
    if known is None:
        return
    if known.fingerprint != wanted.fingerprint:
        raise RuleBroken("this key was used with another request", code="idempotency_key_reused")
    headers = dict(known.headers) | {"Idempotency-Replayed": "true"}
    raise Replay(Response(known.body, status_code=known.status, headers=headers))


def keep(session: Session, state: State, response: Response) -> None:
    """Keep the answer beside its effect; called before the transaction commits."""
    wanted: IdempotentRequest | None = getattr(state, "idempotent", None)
    if wanted is None or response.status_code >= 400:
        return
    body: Any = response.body
    headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    session.add(
        IdempotencyKey(
            caller=wanted.caller,
            key=wanted.key,
            fingerprint=wanted.fingerprint,
            status=response.status_code,
            headers=headers,
            body=bytes(body),
        )
    )
    session.flush()
