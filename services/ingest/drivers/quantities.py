"""`/v1/driver-quantities`: how much of a driver falls on whom."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.ingest.drivers.repository import find_by_codes
from services.ingest.facts import repository
from services.ingest.facts.repository import QUANTITIES
from services.ingest.facts.workflow import problem_of, push_facts
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.facts import (
    QuantityAnswer,
    QuantityReplaceRequest,
    QuantityRequest,
    ReplaceAnswer,
)
from shared.contracts.jobs import Page
from shared.contracts.values import Label
from shared.database import SessionDep, discard, new_session
from shared.errors import FieldError, RuleBroken
from shared.http.bulk import BulkQueryDep, finish_bulk, read_items
from shared.http.etags import etag_of
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.postgres.period_locks import hold_open
from shared.tables.ingest.facts import DriverQuantity

SERVICE = "ingest"
router = new_router("/v1/driver-quantities", "drivers", [Needs("ingest:read")])
WRITE = [Needs("ingest:write")]
COLUMNS = ("driver", "period", "scenario", "source", "target", "quantity", "import")
Short = Annotated[str | None, Query(max_length=200)]
Restate = Annotated[Label | None, Query(description="The reason for changing closed periods")]


def _row_of(item: QuantityRequest) -> tuple[Any, ...]:
    return (item.driver, item.period, item.scenario, item.source, item.target, item.quantity)


@router.get(
    "",
    summary="List driver quantities",
    operation_id="list_driver_quantities",
    responses=EXPORT_RESPONSES,
    response_model=Page[QuantityAnswer],
)
def list_quantities(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    driver: Short = None,
    period: Short = None,
    scenario: Short = None,
    source: Short = None,
    target: Short = None,
    import_id: Annotated[UUID | None, Query(alias="import")] = None,
) -> Any:
    """The present quantities."""
    filters = {
        "driver": driver, "period": period, "scenario": scenario, "source": source,
        "target": target, "import_id": import_id,
    }  # fmt: skip
    query = repository.list_query(DriverQuantity, filters)
    if export is not None:
        return export_rows(export, "driver-quantities", COLUMNS, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={
            "id": DriverQuantity.id,
            "target": DriverQuantity.target,
            "period": DriverQuantity.period,
            "quantity": DriverQuantity.quantity,
        },
        default_sort="id",
        filters=filters,
        unique=DriverQuantity.id,
    )
    return Page(items=[_answer(row) for row in rows], next_cursor=cursor)


def _answer(row: DriverQuantity) -> QuantityAnswer:
    values = row.model_dump(exclude={"row_no", "import_id", "live_to", "closed_by"})
    return QuantityAnswer(**values, **{"import": row.import_id}, etag=etag_of(row.id, 1))


def _exported(query: Any) -> Iterator[tuple[Any, ...]]:
    with new_session() as session:
        for row in repository.stream(session, query, DriverQuantity.id):
            yield (
                row.driver, row.period, row.scenario, row.source, row.target, row.quantity,
                row.import_id,
            )  # fmt: skip


@router.post(
    "/bulk",
    summary="Push driver quantities",
    operation_id="bulk_driver_quantities",
    dependencies=WRITE,
)
def bulk_quantities(
    request: BulkRequest[QuantityRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
    restate: Restate = None,
) -> BulkAnswer:
    """Upsert by driver, period, scenario, source and target. Drivers must be known."""
    items = read_items(QuantityRequest, request.items)
    results = push_facts(
        session,
        QUANTITIES,
        items,
        _row_of,
        restate=restate is not None,
        prepare=repository.refuse_unknown_drivers,
    )
    done = finish_bulk(session, results, how)
    details = {
        "items": len(items),
        "restate": restate,
        "content_hash": trail.sha256_of(request.items),
    }
    trail.record(session, caller, SERVICE, "push", "driver_quantity", "", details=details)
    return done


@router.post(
    "/replace",
    summary="Replace a whole feed of a driver",
    operation_id="replace_driver_quantities",
    dependencies=WRITE,
)
def replace_quantities(
    request: QuantityReplaceRequest,
    session: SessionDep,
    caller: CallerDep,
    dry_run: Annotated[bool, Query(description="Say what would happen, keep nothing")] = False,
    restate: Restate = None,
) -> ReplaceAnswer:
    """All or nothing: targets that are not among the items have no quantity any more."""
    if not find_by_codes(session, [request.driver]):
        raise RuleBroken(
            f"there is no driver {request.driver}",
            code="unknown_code",
            errors=[FieldError("/driver", "unknown_code", "no such driver")],
        )
    if restate is None:
        hold_open(session, [request.period])
    repository.make_drafts(session, QUANTITIES)
    span = (request.driver, request.period, request.scenario)
    rows = (
        (index, *span, item.source, item.target, item.quantity)
        for index, item in enumerate(request.items)
    )
    repository.fill_from_rows(session, QUANTITIES, rows)
    written = repository.write_facts(
        session, QUANTITIES, None, restate=restate is not None, replace_feed=span
    )
    if written.refused:
        index, code = min(written.refused.items())
        error = FieldError(f"/items/{index}", code, "the same source and target twice")
        raise RuleBroken(problem_of(code).detail, code=code, errors=[error])
    answer = ReplaceAnswer(
        created=written.accepted - written.superseded,
        updated=written.superseded,
        unchanged=written.duplicate,
        removed=written.removed,
    )
    details = {**answer.model_dump(), "driver": request.driver, "period": request.period}
    trail.record(session, caller, SERVICE, "replace", "driver_quantity", "", details=details)
    if dry_run:
        discard(session)
    return answer
