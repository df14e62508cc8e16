"""`/v1/api-keys`: keys of people, robots and services, kept by allocation for all three."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlmodel import Session, col

from shared.access.api_keys import create_key, rotate_key
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.foundation import (
    ApiKeyAnswer,
    ApiKeyCreated,
    ApiKeyRequest,
    ApiKeyRotated,
    KeyRotation,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.errors import Forbidden, NotFound, RuleBroken
from shared.http.routing import SHOWN_ONCE, new_router
from shared.pagination import PageQueryDep, list_page
from shared.scopes import SERVICES
from shared.tables.platform import ApiKey

SERVICE = "allocation"
OURS = {f"service:{service}" for service in SERVICES}
SECRETS = {"secret_hash", "previous_hash"}


def keys_router() -> APIRouter:
    """Making, listing, rotating and revoking keys; all services ask the same table at each call."""
    router = new_router("/v1/api-keys", "callers", [Needs("allocation:admin")])

    @router.post(
        "",
        summary="Make an API key",
        operation_id="create_api_key",
        status_code=201,
        openapi_extra=SHOWN_ONCE,
    )
    def create_api_key(
        request: ApiKeyRequest, session: SessionDep, caller: CallerDep
    ) -> ApiKeyCreated:
        """The key's text is shown this once. Nobody gives away scopes that they do not hold."""
        _check_may_give(caller, request.scopes)
        _check_subject(request.subject)
        if request.expires_at is not None and request.expires_at <= utc_now():
            raise RuleBroken("the key would have expired already", code="already_expired")
        row, key = create_key(session, **request.model_dump())
        after = request.model_dump(mode="json")
        trail.record(session, caller, SERVICE, "create", "api_key", str(row.id), after=after)
        return ApiKeyCreated(id=row.id, prefix=row.prefix, key=key)

    @router.get("", summary="List API keys", operation_id="list_api_keys")
    def list_api_keys(
        session: SessionDep,
        page: PageQueryDep,
        subject: Annotated[str | None, Query(max_length=255)] = None,
    ) -> Page[ApiKeyAnswer]:
        """All keys, or those of one subject, without their secrets."""
        query = select(ApiKey)
        if subject is not None:
            query = query.where(col(ApiKey.subject) == subject)
        rows, cursor = list_page(
            session,
            query,
            page,
            sortable={"id": ApiKey.id, "name": ApiKey.name, "subject": ApiKey.subject},
            default_sort="id",
            filters={"subject": subject},
            unique=ApiKey.id,
        )
        return Page(items=[_answer(row) for row in rows], next_cursor=cursor)

    @router.get("/{key_id:uuid}", summary="Read an API key", operation_id="get_api_key")
    def get_api_key(key_id: UUID, session: SessionDep) -> ApiKeyAnswer:
        """One key without its secret."""
        return _answer(_key(session, key_id))

    @router.post(
        "/{key_id:uuid}/rotate",
        summary="Give an API key a new secret",
        operation_id="rotate_api_key",
        openapi_extra=SHOWN_ONCE,
    )
    def rotate_api_key(
        key_id: UUID,
        session: SessionDep,
        caller: CallerDep,
        request: KeyRotation | None = None,
    ) -> ApiKeyRotated:
        """The secret that it had works on until the overlap ends; a day unless said otherwise.

        403 `scope_missing` without the key's own scopes; 409 `key_not_live` when it is revoked or
        has expired. The new text is shown this once.
        """
        row = _key(session, key_id, lock=True)
        _check_may_give(caller, row.scopes)
        overlap = (request or KeyRotation()).overlap_seconds
        key = rotate_key(session, row, timedelta(seconds=overlap))
        details = {"overlap_seconds": overlap}
        trail.record(session, caller, SERVICE, "rotate", "api_key", str(key_id), details=details)
        return ApiKeyRotated(
            id=row.id, prefix=row.prefix, key=key, previous_until=row.previous_until
        )

    @router.delete(
        "/{key_id:uuid}",
        summary="Revoke an API key",
        operation_id="revoke_api_key",
        status_code=204,
    )
    def revoke_api_key(key_id: UUID, session: SessionDep, caller: CallerDep) -> None:
        """It stops working at once, on all services; revoking again changes nothing."""
        row = _key(session, key_id, lock=True)
        if row.revoked_at is None:
            row.revoked_at = utc_now()
            session.add(row)
            trail.record(session, caller, SERVICE, "revoke", "api_key", str(key_id))

    return router


def _key(session: Session, key_id: UUID, *, lock: bool = False) -> ApiKey:
    row = session.get(ApiKey, key_id, with_for_update=True if lock else None)
    if row is None:
        raise NotFound(f"API key {key_id}")
    return row


def _check_may_give(caller: Caller, scopes: Iterable[str]) -> None:
    missing = sorted(scope for scope in scopes if not caller.may(scope))
    if missing:
        raise Forbidden(f"you do not hold {', '.join(missing)} yourself", code="scope_missing")


def _check_subject(subject: str) -> None:
    """The trail would take the key's holder for one of us."""
    if subject in OURS or subject.startswith("operator:"):
        raise RuleBroken.at("/subject", "reserved_subject", "this is what the system calls itself")


def _answer(row: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer(**row.model_dump(exclude=SECRETS))
