"""`/v1/exchange-rates`: what a currency costs in another, month by month."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.ingest.facts import repository
from services.ingest.facts.repository import RATES
from services.ingest.facts.workflow import push_facts
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.facts import RateAnswer, RateKind, RateRequest
from shared.contracts.jobs import Page
from shared.contracts.values import Label
from shared.database import SessionDep, new_session
from shared.http.bulk import BulkQueryDep, finish_bulk, read_items
from shared.http.etags import etag_of
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.facts import ExchangeRate

SERVICE = "ingest"
router = new_router("/v1/exchange-rates", "exchange rates", [Needs("ingest:read")])
COLUMNS = ("period", "from", "to", "kind", "rate", "import")
Short = Annotated[str | None, Query(max_length=200)]


def _row_of(item: RateRequest) -> tuple[Any, ...]:
    return (item.period, item.from_currency, item.to_currency, item.kind, item.rate)


@router.get(
    "",
    summary="List exchange rates",
    operation_id="list_exchange_rates",
    responses=EXPORT_RESPONSES,
    response_model=Page[RateAnswer],
)
def list_rates(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    period: Short = None,
    from_currency: Annotated[str | None, Query(alias="from", max_length=3)] = None,
    to_currency: Annotated[str | None, Query(alias="to", max_length=3)] = None,
    kind: Annotated[RateKind | None, Query()] = None,
    import_id: Annotated[UUID | None, Query(alias="import")] = None,
) -> Any:
    """The present rates, by period unless sorted otherwise."""
    filters = {
        "period": period, "from_currency": from_currency, "to_currency": to_currency,
        "kind": kind, "import_id": import_id,
    }  # fmt: skip
    query = repository.list_query(ExchangeRate, filters)
    if export is not None:
        return export_rows(export, "exchange-rates", COLUMNS, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={"period": ExchangeRate.period, "id": ExchangeRate.id},
        default_sort="period",
        filters=filters,
        unique=ExchangeRate.id,
    )
    return Page(items=[_answer(row) for row in rows], next_cursor=cursor)


def _answer(row: ExchangeRate) -> RateAnswer:
    return RateAnswer.model_validate(
        {
            "id": row.id,
            "period": row.period,
            "from": row.from_currency,
            "to": row.to_currency,
            "kind": row.kind,
            "rate": row.rate,
            "import": row.import_id,
            "live_from": row.live_from,
            "etag": etag_of(row.id, 1),
        }
    )


def _exported(query: Any) -> Iterator[tuple[Any, ...]]:
    with new_session() as session:
        for row in repository.stream(session, query, ExchangeRate.id):
            yield (
                row.period, row.from_currency, row.to_currency, row.kind, row.rate, row.import_id,
            )  # fmt: skip


@router.post(
    "/bulk",
    summary="Push exchange rates",
    operation_id="bulk_exchange_rates",
    dependencies=[Needs("ingest:write")],
)
def bulk_rates(
    request: BulkRequest[RateRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
    restate: Annotated[
        Label | None, Query(description="The reason for changing closed periods")
    ] = None,
) -> BulkAnswer:
    """Upsert by period, currencies and kind."""
    items = read_items(RateRequest, request.items)
    results = push_facts(session, RATES, items, _row_of, restate=restate is not None)
    done = finish_bulk(session, results, how)
    details = {
        "items": len(items),
        "restate": restate,
        "content_hash": trail.sha256_of(request.items),
    }
    trail.record(session, caller, SERVICE, "push", "exchange_rate", "", details=details)
    return done
