"""`/v1/observations`: what was measured."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.valuation.changes import write_changes
from services.valuation.measures.observations import repository
from services.valuation.measures.value_kpis import repository as kpis
from services.valuation.measures.value_kpis.endpoints import CodeQuery
from services.valuation.measures.value_kpis.links import LinkDep
from services.valuation.measures.value_kpis.series import key_of_link
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.kpis import ObservationAnswer, ObservationRequest
from shared.contracts.values import Period
from shared.database import SessionDep, new_session
from shared.errors import FieldError, Problem, RuleBroken
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.periods import period_of
from shared.tables.valuation.kpis import Observation, ValueKpi

SERVICE = "valuation"
EXPORT_COLUMNS = ("kpi", "period", "at", "value", "source", "link", "note")

router = new_router("/v1/observations", "observations", [Needs("valuation:read")])


def observation_answer(row: Observation, kpi: str) -> ObservationAnswer:
    """A row as callers see it."""
    return ObservationAnswer(
        **row.model_dump(exclude={"version", "kpi_id", "link_key", "source"}),
        kpi=kpi,
        source=row.source or None,
        etag=etag_of(row.id, row.version),
    )


@router.get(
    "", summary="List observations", operation_id="list_observations", responses=EXPORT_RESPONSES
)
def list_observations(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    link: LinkDep,
    kpi: CodeQuery = None,
    period: Annotated[Period | None, Query()] = None,
    first: Annotated[Period | None, Query(alias="from")] = None,
    last: Annotated[Period | None, Query(alias="to")] = None,
    source: CodeQuery = None,
) -> Page[ObservationAnswer] | Any:
    """Ordered by period unless sorted otherwise; `from` and `to` are inclusive months."""
    filters: dict[str, Any] = {
        "kpi": kpi,
        "period": period,
        "first": first,
        "last": last,
        "source": source,
        "link_key": key_of_link(link) if link else None,
    }
    if export is not None:
        return export_rows(export, "observations", EXPORT_COLUMNS, _exported(filters))
    rows, cursor = list_page(
        session,
        repository.list_query(**filters),
        page,
        sortable={
            "period": Observation.period,
            "kpi": ValueKpi.code,
            "value": Observation.value,
            "created_at": Observation.created_at,
        },
        default_sort="period",
        filters=filters,
        unique=Observation.id,
    )
    return Page(items=[observation_answer(row[0], row[1]) for row in rows], next_cursor=cursor)


def _exported(filters: dict[str, Any]) -> Iterator[list[Any]]:
    with new_session() as session:
        for found in repository.walk(session, repository.list_query(**filters)):
            row, code = found[0], found[1]
            yield [code, row.period, row.at, row.value, row.source or None, row.link, row.note]


@router.get("/{observation_id:uuid}", summary="Read an observation", operation_id="get_observation")
def get_observation(
    observation_id: UUID, session: SessionDep, response: Response
) -> ObservationAnswer:
    """One measured value."""
    row, kpi = repository.get_observation(session, observation_id)
    set_etag(response, row)
    return observation_answer(row, kpi)


@router.delete(
    "/{observation_id:uuid}",
    summary="Delete an observation",
    operation_id="delete_observation",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_observation(
    observation_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """For what was measured wrongly; what an approved review says stays as it was."""
    row, kpi = repository.get_observation(session, observation_id, lock=True)
    check_if_match(if_match, row)
    session.delete(row)
    before = row.model_dump() | {"kpi": kpi}
    trail.record(
        session, caller, SERVICE, "delete", "observation", str(observation_id), before=before
    )


@router.post(
    "/bulk",
    summary="Add or change many observations",
    operation_id="bulk_observations",
    dependencies=[Needs("valuation:write")],
)
def bulk_observations(
    request: BulkRequest[ObservationRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Any KPIs in one call; upsert by kpi, period or instant, source and link."""
    items = read_items(ObservationRequest, request.items)
    good = [item for item in items if not isinstance(item, Problem)]
    repository.hold_alone(session)
    named = kpis.find_by_codes(session, [item.kpi for item in good])
    present = repository.find_by_kpis_and_periods(
        session, [kpi.id for kpi in named.values()], [_period(item) for item in good]
    )

    def apply(item: ObservationRequest) -> Outcome:
        kpi = named.get(item.kpi)
        if kpi is None:
            error = FieldError("/kpi", "unknown_code", f"no value KPI {item.kpi}")
            raise RuleBroken("the KPI is not known", code="unknown_code", errors=[error])
        wanted = _new_row(kpi.id, item)
        row = present.get(repository.natural_key(wanted))
        if row is None:
            present[repository.natural_key(wanted)] = wanted
            session.add(wanted)
            return "created", wanted.id
        changed = write_changes(row, {"value": item.value, "note": item.note})
        session.add(row)
        return "updated" if changed else "unchanged", row.id

    done = apply_items(session, items, how, apply)
    trail.record(
        session, caller, SERVICE, "bulk", "observation", "",
        details={"items": len(items), "sha256": trail.sha256_of(request.items)},
    )  # fmt: skip
    return done


def _new_row(kpi_id: UUID, item: ObservationRequest) -> Observation:
    link = item.link.model_dump() if item.link is not None else None
    now = utc_now()
    return Observation(
        kpi_id=kpi_id,
        period=_period(item),
        at=item.at,
        value=item.value,
        source=item.source or "",
        link_key=key_of_link(link),
        link=link,
        note=item.note,
        created_at=now,
        updated_at=now,
    )


def _period(item: ObservationRequest) -> str:
    return period_of(item.at.date()) if item.at is not None else item.period or ""
