"""`/v1/personal-data-fields` and `/v1/personal-data/purges`: what tells of persons, and its end."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session

from services.ingest.personal_data import repository
from services.ingest.personal_data.workflow import SERVICE, ask_for_purge
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.changes import write_differences
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.personal_data import (
    Category,
    Collection,
    PersonalDataFieldAnswer,
    PersonalDataFieldRequest,
    PurgeAnswer,
    PurgeRequest,
)
from shared.contracts.jobs import Accepted, Page, Wait
from shared.database import SessionDep
from shared.errors import Conflict
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.routing import new_router
from shared.jobs.endpoints import accept
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.personal_data import PersonalDataField, PersonalDataPurge

NOUN = "personal_data_field"
fields = new_router("/v1/personal-data-fields", "personal data", [Needs("ingest:admin")])
purges = new_router("/v1/personal-data/purges", "personal data", [Needs("ingest:admin")])


def _answer(row: PersonalDataField) -> PersonalDataFieldAnswer:
    return PersonalDataFieldAnswer(
        **row.model_dump(exclude={"version"}), etag=etag_of(row.id, row.version)
    )


@fields.get(
    "", summary="List fields that hold personal data", operation_id="list_personal_data_fields"
)
def list_fields(
    session: SessionDep,
    page: PageQueryDep,
    collection: Collection | None = None,
    category: Category | None = None,
) -> Page[PersonalDataFieldAnswer]:
    """By collection and field unless sorted otherwise; purges look into these."""
    filters = {"collection": collection, "category": category}
    rows, cursor = list_page(
        session,
        repository.list_query(filters),
        page,
        sortable={"field": PersonalDataField.field, "collection": PersonalDataField.collection},
        default_sort="collection,field",
        filters=filters,
        unique=PersonalDataField.id,
    )
    return Page(items=[_answer(row) for row in rows], next_cursor=cursor)


@fields.post(
    "",
    summary="Say that a field holds personal data",
    operation_id="create_personal_data_field",
    status_code=201,
)
def create_field(
    request: PersonalDataFieldRequest, session: SessionDep, caller: CallerDep, response: Response
) -> PersonalDataFieldAnswer:
    """409 `field_taken` when it is known to."""
    if (request.collection, request.field) in repository.find_fields(session):
        message = f"{request.field} of {request.collection} is known already"
        raise Conflict(message, code="field_taken")
    row = PersonalDataField(**_values(request))
    session.add(row)
    session.flush()
    trail.record(session, caller, SERVICE, "create", NOUN, str(row.id), after=row.model_dump())
    set_etag(response, row)
    return _answer(row)


@fields.delete(
    "/{field_id:uuid}",
    summary="Say that a field holds no personal data",
    operation_id="delete_personal_data_field",
    status_code=204,
)
def delete_field(
    field_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Later purges pass it by; what was purged stays so."""
    row = repository.get_field(session, field_id)
    check_if_match(if_match, row)
    session.delete(row)
    trail.record(session, caller, SERVICE, "delete", NOUN, str(row.id), before=row.model_dump())


@fields.post(
    "/bulk",
    summary="Add or change fields that hold personal data",
    operation_id="bulk_personal_data_fields",
)
def bulk_fields(
    request: BulkRequest[PersonalDataFieldRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by collection and field."""
    items = read_items(PersonalDataFieldRequest, request.items)
    known = repository.find_fields(session)
    done = apply_items(session, items, how, lambda item: _put(session, known, item))
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", NOUN, "", details=details)
    return done


def _put(
    session: Session,
    known: dict[tuple[str, str], PersonalDataField],
    item: PersonalDataFieldRequest,
) -> Outcome:
    values, key = _values(item), (item.collection, item.field)
    row = known.get(key)
    if row is None:
        known[key] = row = PersonalDataField(**values)
        session.add(row)
        return "created", row.id
    if not write_differences(row, values):
        return "unchanged", row.id
    row.version += 1
    return "updated", row.id


def _values(request: PersonalDataFieldRequest) -> dict[str, Any]:
    names = request.names.stored() if request.names else {}
    return request.model_dump(exclude={"names"}) | {"names": names}


@purges.post(
    "", summary="Purge personal data", operation_id="create_personal_data_purge", status_code=202
)
def create_purge(
    request: PurgeRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    dry_run: Annotated[bool, Query(description="Only count; nothing is replaced")] = False,
    wait: Wait = None,
) -> Accepted:
    """Put pseudonyms in the place of values, wherever these are stored; a job answers counts.

    Equal values get equal pseudonyms, so sums by them stay; amounts never change. The values are
    kept nowhere. 422 `reason_tells` when the reason says one of them.
    """
    _, job = ask_for_purge(session, caller, request, dry_run=dry_run)
    return accept(response, job)


@purges.get("", summary="List purges", operation_id="list_personal_data_purges")
def list_purges(session: SessionDep, page: PageQueryDep) -> Page[PurgeAnswer]:
    """Newest first unless sorted otherwise."""
    rows, cursor = list_page(
        session,
        repository.purges_query(),
        page,
        sortable={"id": PersonalDataPurge.id},
        default_sort="-id",
        filters={},
        unique=PersonalDataPurge.id,
    )
    return Page(items=[_purge_answer(row) for row in rows], next_cursor=cursor)


@purges.get("/{purge_id:uuid}", summary="Read a purge", operation_id="get_personal_data_purge")
def get_purge(purge_id: UUID, session: SessionDep) -> PurgeAnswer:
    """How many rows, pages and files were changed, by place."""
    return _purge_answer(repository.get_purge(session, purge_id))


def _purge_answer(row: PersonalDataPurge) -> PurgeAnswer:
    return PurgeAnswer(**row.model_dump(exclude={"sealed_values"}))
