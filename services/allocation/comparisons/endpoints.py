"""`/v1/runs/{id}/compare` and `/v1/comparisons`: why two runs differ."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.allocation.comparisons import repository, workflow
from services.allocation.comparisons.answers import (
    COLUMNS,
    Shown,
    cells_of,
    compare_answer,
    comparison_answer,
    figures_of,
    listed,
    rows_of,
)
from services.allocation.comparisons.domain import RunComparison, consumers_seen
from services.allocation.runs import repository as runs
from services.allocation.simulations.warm import input_of
from shared.auth import OWN_PART, CallerDep, Needs
from shared.contracts.allocation.comparisons import (
    CompareAnswer,
    ComparisonAnswer,
    ComparisonMethod,
    ComparisonRequest,
    ListedComparison,
)
from shared.contracts.allocation.runs import Measure, RunLayer
from shared.contracts.jobs import Accepted, Page, Wait
from shared.database import SessionDep
from shared.http.etags import set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.jobs.endpoints import accept
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.what_if import Comparison

of_run = new_router("/v1/runs/{run_id}", "comparisons", [Needs("allocation:read")])
router = new_router("/v1/comparisons", "comparisons", [Needs("allocation:read")])
routers = [of_run, router]
CodeQuery = Annotated[str | None, Query(max_length=200)]
MeasureQuery = Annotated[Measure, Query(description="Which measure of both runs")]
SORTABLE = {name: getattr(Comparison, name) for name in ("id", "status", "created_at")}


@of_run.get(
    "/compare",
    summary="Why a run differs from another",
    operation_id="compare_runs",
    dependencies=[OWN_PART],
    response_model=CompareAnswer,
    responses=EXPORT_RESPONSES,
)
def compare_runs(
    run_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    page: PageQueryDep,
    export: ExportDep,
    language: LanguageDep,
    base: Annotated[UUID, Query(description="The run that it is compared with")],
    measure: MeasureQuery = "cost",
    layer: RunLayer | None = None,
    code: CodeQuery = None,
) -> CompareAnswer | Response:
    """The factors of the base run are replaced by this run's one after the other.

    Of the same scenario and currency; the periods may differ. The parts of every object and of
    the totals add up to its difference exactly. `sort` takes `size` (of the difference),
    `difference`, `before`, `after`, `code`, `name` and every factor.
    """
    run = runs.get_run(session, run_id)
    other = workflow.check_pair(run, repository.find_run(session, base), "query:/base")
    found = workflow.compare_at_once(session, run, other)
    own = None
    if caller.consumers is not None:
        sides = (input_of(session, one).objects for one in (other, run))
        own = consumers_seen(caller.consumers, *sides)
    shown = Shown(layer, code, measure, language, own)
    rows = rows_of(found, shown, page)
    if export is not None:
        return _exported(export, found, shown, rows)
    bound = {"run": run.id, "base": other.id}
    figures = figures_of(found, shown, rows, page, bound)
    return compare_answer(run, other, found.changed, figures)


def _exported(kind: str, found: RunComparison, shown: Shown, rows: list[int]) -> Response:
    cells = (cells_of(found, shown, row) for row in rows)
    return export_rows(kind, "comparison", COLUMNS, cells)


@router.post(
    "",
    summary="Compare two runs as a job",
    operation_id="create_comparison",
    status_code=202,
    dependencies=[Needs("allocation:write")],
)
def create_comparison(
    asked: ComparisonRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    wait: Wait = None,
) -> Accepted:
    """What comes out is stored and never changes, because runs do not."""
    return accept(response, workflow.ask_for_comparison(session, caller, asked))


@router.get("", summary="List comparisons", operation_id="list_comparisons")
def list_comparisons(
    session: SessionDep,
    page: PageQueryDep,
    run: UUID | None = None,
    base: UUID | None = None,
    method: ComparisonMethod | None = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
) -> Page[ListedComparison]:
    """Newest first unless sorted otherwise; without their figures."""
    rows, cursor = list_page(
        session,
        repository.list_query(run, base, method, status),
        page,
        sortable=SORTABLE,
        default_sort="-id",
        filters={"run": run, "base": base, "method": method, "status": status},
        unique=Comparison.id,
    )
    both = repository.runs_of(session, rows)
    return Page(items=[listed(row, both) for row in rows], next_cursor=cursor)


@router.get(
    "/{comparison_id:uuid}",
    summary="Read a comparison",
    operation_id="get_comparison",
    openapi_extra=COMPUTED,
    response_model=ComparisonAnswer,
    responses=EXPORT_RESPONSES,
)
def get_comparison(
    comparison_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    language: LanguageDep,
    response: Response,
    measure: MeasureQuery = "cost",
    layer: RunLayer | None = None,
    code: CodeQuery = None,
) -> ComparisonAnswer | Response:
    """Its figures come in pages once it has succeeded; until then there are none."""
    row = repository.get_comparison(session, comparison_id)
    set_etag(response, row)
    both = repository.runs_of(session, [row])
    if row.status != "succeeded":
        return comparison_answer(row, both, {})
    found = workflow.load_stored(session, row)
    shown = Shown(layer, code, measure, language)
    rows = rows_of(found, shown, page)
    if export is not None:
        return _exported(export, found, shown, rows)
    return comparison_answer(row, both, figures_of(found, shown, rows, page, {"id": row.id}))
