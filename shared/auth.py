"""Who calls, and what they may do: API keys, JWTs of an OIDC provider, scopes.

`Needs("ingest:write")` in a router's or endpoint's dependencies names its scope. The route
class of shared/http/routing.py checks it before the body is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.params import Security as SecurityParameter
from fastapi.security import HTTPBearer, SecurityScopes
from starlette.requests import HTTPConnection

from shared.access import rate_limits
from shared.access.api_keys import KEY_START, find_key
from shared.access.tokens import read_token
from shared.errors import Forbidden, Unauthenticated
from shared.scopes import SCOPES, holds
from shared.settings import get_settings


@dataclass(frozen=True)
class Caller:
    """An authenticated caller: a person, a robot or a service."""

    subject: str
    scopes: frozenset[str]
    consumers: tuple[str, ...] | None = None
    key_id: UUID | None = None
    expires_at: datetime | None = None
    rate_limit: int | None = None
    """Requests per window; None: as everybody, 0: no limit."""

    def may(self, scope: str) -> bool:
        """Whether the caller holds the scope, by itself or through a wider one."""
        return holds(self.scopes, scope)

    def identity(self) -> str:
        """What tells callers apart: each key, each subject as far as its token binds it."""
        if self.key_id is not None:
            return f"key:{self.key_id}"
        bound = "" if self.consumers is None else f" {sorted(self.consumers)}"
        return f"sub:{self.subject}{bound}"


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


async def _shows_own_part() -> None:
    """Only marks a route; the check has happened before the body was read."""


OWN_PART: Any = Depends(_shows_own_part)
"""Dependency of what a caller bound to consumers may ask: it shows their own part and no more.

Every other operation refuses bound callers, so that what nobody thought of stays closed.
"""


def shows_own_part(dependencies: Sequence[Any]) -> bool:
    """Whether a route is marked as one that bound callers may ask."""
    return any(dependency is OWN_PART for dependency in dependencies)


def needed_scope(dependencies: Sequence[Any]) -> str | None:
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


def let_in(request: HTTPConnection, scope: str, *, own_part: bool = False) -> Caller:
    """The caller, if it holds the scope and, where it is bound, what it asks shows its own part.

    Known or not, who asks too often gets TooManyRequests.
    """
    try:
        caller = authenticate(request.headers.get("authorization"))
    except Unauthenticated:
        rate_limits.count_stranger(request)
        raise
    rate_limits.count_caller(request, caller.identity(), caller.rate_limit)
    authorise(caller, scope)
    if not own_part:
        refuse_bound(caller)
    return caller


def _caller_of_key(credential: str) -> Caller:
    row = find_key(credential)
    consumers = None if row.consumers is None else tuple(row.consumers)
    return Caller(
        subject=row.subject,
        scopes=frozenset(row.scopes),
        consumers=consumers,
        key_id=row.id,
        expires_at=row.expires_at,
        rate_limit=row.rate_limit,
    )


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
        expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
    )


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
