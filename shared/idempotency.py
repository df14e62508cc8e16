"""Idempotency-Key: the same key and body get the first answer again, whatever happened between.

The key is claimed by a transaction lock and its answer is kept in the transaction of the
request itself, so an answer is on record exactly when its effect is. The id and source of a
CloudEvent are such a key as well, whoever delivers it; a second delivery waits for the first.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import text
from sqlmodel import Session
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from shared.cloud_events import CloudEvent, canonical
from shared.errors import Conflict, RuleBroken, Unreadable
from shared.postgres import advisory_locks
from shared.tables.platform import IdempotencyKey

KEY_HEADER = "idempotency-key"
KEPT_HEADERS = ("location", "etag", "content-type", "content-language", "retry-after")
ANY_CALLER = "cloud event"
LONGEST_WAIT = "5s"


@dataclass(frozen=True)
class IdempotentRequest:
    """Who sent which key with what; `waits` for another one that holds the key.

    An answer that shows a secret is kept encrypted: `seal` comes from the caller's own credential,
    of which nothing but a hash lies here.
    """

    caller: str
    key: str
    fingerprint: bytes
    waits: bool = False
    seal: bytes | None = None


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
    digest = hashlib.sha256(_asked(request))
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


async def note(request: Request) -> None:
    """Say under which keys the answer to a request is to be kept, if it carries any."""
    wanted = []
    header = request.headers.get(KEY_HEADER)
    if header is not None:
        caller = request.state.caller.identity()
        wanted.append(IdempotentRequest(caller, read_key(header), await fingerprint(request)))
    event: CloudEvent | None = getattr(request.state, "cloud_event", None)
    if event is not None:
        wanted.append(await _of_event(request, event))
    if wanted:
        seal = _seal_of(request)
        request.state.idempotent = tuple(replace(one, seal=seal) for one in wanted)


def _seal_of(request: Request) -> bytes | None:
    extra = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    if not extra.get("x-shown-once"):
        return None
    return hashlib.sha256(f"kept answer\0{request.headers['authorization']}".encode()).digest()


def _sealed(body: bytes, seal: bytes) -> bytes:
    key = OctKey.import_key(seal)
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, body, key).encode()


def _unsealed(body: bytes, seal: bytes) -> bytes:
    try:
        return jwe.decrypt_compact(body, OctKey.import_key(seal)).plaintext or b""
    except JoseError as error:
        raise Conflict(
            "the answer holds a secret; only the credential that asked first gets it again",
            code="answer_is_sealed",
        ) from error


async def _of_event(request: Request, event: CloudEvent) -> IdempotentRequest:
    """An event is known by id and source; a caller who sees less is another reader of it."""
    name = f"{len(event.source)}:{event.source}{event.id}"
    digest = hashlib.sha256(f"{event.type}\0{request.state.caller.consumers}\0".encode())
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        digest.update(await fingerprint(request))
    else:
        digest.update(_asked(request) + canonical(await request.body()))
    return IdempotentRequest(
        ANY_CALLER, hashlib.sha256(name.encode()).hexdigest(), digest.digest(), waits=True
    )


def _asked(request: Request) -> bytes:
    asked = [part for part in request.url.query.split("&") if not part.startswith("wait=")]
    return f"{request.method} {request.url.path}?{'&'.join(asked)}\n".encode()


def claim(session: Session, state: State) -> None:
    """Take the keys for this transaction, or answer as before, or refuse."""
    for wanted in getattr(state, "idempotent", ()):
        _claim_one(session, wanted)


def _claim_one(session: Session, wanted: IdempotentRequest) -> None:
    lock = f"idempotency:{wanted.caller}:{wanted.key}"
    if wanted.waits:
        session.execute(text(f"set local lock_timeout = '{LONGEST_WAIT}'"))
        advisory_locks.hold(session, lock)
        session.execute(text("set local lock_timeout to default"))
    elif not advisory_locks.try_hold(session, lock):
        raise Conflict("the first request with this key still runs", code="idempotency_key_in_use")
    known = session.get(IdempotencyKey, (wanted.caller, wanted.key))
    if known is None:
        return
    if known.fingerprint != wanted.fingerprint:
        raise RuleBroken("this key was used with another request", code="idempotency_key_reused")
    headers = dict(known.headers) | {"Idempotency-Replayed": "true"}
    body = known.body if wanted.seal is None else _unsealed(known.body, wanted.seal)
    raise Replay(Response(body, status_code=known.status, headers=headers))


def keep(session: Session, state: State, response: Response) -> None:
    """Keep the answer beside its effect; called before the transaction commits."""
    if response.status_code >= 400:
        return
    body: Any = response.body
    headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    for wanted in getattr(state, "idempotent", ()):
        session.add(
            IdempotencyKey(
                caller=wanted.caller,
                key=wanted.key,
                fingerprint=wanted.fingerprint,
                status=response.status_code,
                headers=headers,
                body=bytes(body) if wanted.seal is None else _sealed(bytes(body), wanted.seal),
            )
        )
    session.flush()
