"""Who calls, and what they may do: API keys, JWTs of an OIDC provider, scopes.

`Needs("ingest:write")` in a router's or endpoint's dependencies names its scope. The route
class of shared/routing.py checks it before the body is read.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.params import Security as SecurityParameter
from fastapi.security import HTTPBearer, SecurityScopes
from sqlalchemy import text
from sqlmodel import Session, select

from shared.clock import utc_now
from shared.database import at_once
from shared.errors import Forbidden, Unauthenticated
from shared.settings import get_settings
from shared.tables.platform import ApiKey
from shared.tokens import read_token

SERVICES = ("ingest", "allocation", "valuation")
ACTIONS = ("read", "write", "approve", "admin")
SCOPES = tuple(f"{service}:{action}" for service in SERVICES for action in ACTIONS)
IMPLIED = {
    "admin": ("read", "write", "approve", "admin"),
    "approve": ("read", "approve"),
    "write": ("read", "write"),
    "read": ("read",),
}
KEY_START = "btim"


@dataclass(frozen=True)
class Caller:
    """An authenticated caller: a person, a robot or a service."""

    subject: str
    scopes: frozenset[str]
    consumers: tuple[str, ...] | None = None
    key_id: UUID | None = None
    expires_at: datetime | None = None

    def may(self, scope: str) -> bool:
        """Whether the caller holds the scope, by itself or through a wider one."""
        service, _, action = scope.partition(":")
        return any(
            held.partition(":")[0] == service and action in IMPLIED[held.partition(":")[2]]
            for held in self.scopes
        )

    def identity(self) -> str:
        """What tells callers apart, also two keys of one subject."""
        return f"key:{self.key_id}" if self.key_id else f"sub:{self.subject}"


bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An API key (`btim_...`) or a JWT of the configured OIDC provider.",
)


async def _declared(_: SecurityScopes, __: Annotated[Any, Security(bearer)]) -> None:
    """Only documents the scope in OpenAPI; the check has happened before the body was read."""


def Needs(scope: str) -> Any:  # noqa: N802 - reads like the parameter classes of FastAPI
    """The scope that a caller needs here, as a dependency of a route or router."""
    if scope not in SCOPES:
        raise ValueError(f"unknown scope {scope}")
    return Security(_declared, scopes=[scope])


def needed_scope(dependencies: list[Any]) -> str | None:
    """The scope named last among a route's dependencies (the route's own beats its router's)."""
    named = [
        scope
        for dependency in dependencies
        if isinstance(dependency, SecurityParameter) and dependency.dependency is _declared
        for scope in dependency.scopes or ()
    ]
    return named[-1] if named else None


def authenticate(authorization: str | None) -> Caller:
    """The caller behind an Authorization header."""
    scheme, _, credential = (authorization or "").partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise Unauthenticated("send `Authorization: Bearer <API key or JWT>`")
    if credential.startswith(f"{KEY_START}_"):
        return _caller_of_key(credential)
    return _caller_of_token(credential)


def authorise(caller: Caller, scope: str) -> None:
    """Refuse a caller without the scope."""
    if not caller.may(scope):
        raise Forbidden(f"this needs the scope {scope}", code="scope_missing")


def _hash_secret(secret: str) -> bytes:
    """Keys carry 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def _caller_of_key(credential: str) -> Caller:
    refused = Unauthenticated("this API key is unknown, expired or revoked", code="bad_api_key")
    _, _, rest = credential.partition("_")
    prefix, _, secret = rest.partition("_")
    if not prefix.isalnum() or not secret.isprintable() or not credential.isascii():
        raise refused
    query = text(
        "select id, subject, secret_hash, scopes, consumers, expires_at, last_used_at, now() as now"
        " from api_key where prefix = :prefix and revoked_at is null"
    )
    with at_once() as connection:
        row = connection.execute(query, {"prefix": prefix}).one_or_none()
        if row is None or not hmac.compare_digest(bytes(row.secret_hash), _hash_secret(secret)):
            raise refused
        if row.expires_at is not None and row.expires_at <= row.now:
            raise refused
        if row.last_used_at is None or (row.now - row.last_used_at).total_seconds() > 60:
            connection.execute(
                text("update api_key set last_used_at = now() where id = :id"), {"id": row.id}
            )
    consumers = None if row.consumers is None else tuple(row.consumers)
    return Caller(row.subject, frozenset(row.scopes), consumers, row.id, row.expires_at)


def _caller_of_token(credential: str) -> Caller:
    claims = read_token(credential, get_settings())
    scopes = str(claims.get("scope", "")).split()
    consumers = claims.get("btim_consumers")
    if consumers is not None and not (
        isinstance(consumers, list) and all(isinstance(code, str) for code in consumers)
    ):
        raise Unauthenticated("the claim btim_consumers is a list of codes", code="bad_token")
    return Caller(
        subject=str(claims["sub"]),
        scopes=frozenset(scope for scope in scopes if scope in SCOPES),
        consumers=None if consumers is None else tuple(consumers),
    )


def create_key(
    session: Session,
    *,
    name: str,
    subject: str,
    scopes: list[str],
    consumers: list[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key: its row, and its text, which is shown this once."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = ApiKey(
        name=name,
        subject=subject,
        prefix=prefix,
        secret_hash=_hash_secret(secret),
        scopes=sorted(set(scopes)),
        consumers=consumers,
        expires_at=expires_at,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return row, f"{KEY_START}_{prefix}_{secret}"


ADMIN_SCOPES = [f"{service}:admin" for service in SERVICES]


def write_key_file(session: Session, path: Path, *, subject: str, scopes: list[str]) -> None:
    """Make sure that a key file (mode 0600) holds a working key for a subject."""
    if path.exists() and _works(session, path.read_text().strip()):
        return
    _, key = create_key(session, name=path.stem, subject=subject, scopes=scopes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(key + "\n")


def _works(session: Session, key: str) -> bool:
    prefix, _, secret = key.partition("_")[2].partition("_")
    row = session.exec(select(ApiKey).where(ApiKey.prefix == prefix)).one_or_none()
    return (
        row is not None
        and row.revoked_at is None
        and hmac.compare_digest(row.secret_hash, _hash_secret(secret))
    )


def write_all_key_files(session: Session, secrets_dir: Path) -> Path:
    """The admin's key and each service's own key; answers the path of the admin's."""
    admin = secrets_dir / "admin.key"
    write_key_file(session, admin, subject="admin", scopes=ADMIN_SCOPES)
    for service in SERVICES:
        write_key_file(
            session,
            secrets_dir / f"{service}.key",
            subject=f"service:{service}",
            scopes=ADMIN_SCOPES,
        )
    return admin


async def get_caller(request: Request) -> Caller:
    """The caller that the route class has let in."""
    caller: Caller = request.state.caller
    return caller


CallerDep = Annotated[Caller, Depends(get_caller)]


def refuse_bound(caller: Caller) -> None:
    """403 for a caller bound to consumers: here lie figures of all of them."""
    if caller.consumers is not None:
        raise Forbidden(
            "this key is bound to consumers and sees only their own part", code="caller_is_bound"
        )


async def _unbound(caller: CallerDep) -> Caller:
    refuse_bound(caller)
    return caller


UNBOUND: Any = Depends(_unbound)
"""Dependency of routers and endpoints that no bound caller may use."""
