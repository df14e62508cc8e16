"""`/v1/benchmarks`: reading and listing."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import col

from services.allocation.benchmarks import repository
from services.allocation.benchmarks.changing import answer
from shared.auth import Needs
from shared.contracts.allocation.benchmarks import BenchmarkAnswer
from shared.contracts.allocation.objects import Layer
from shared.contracts.days import Day
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.http.etags import set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.planning import Benchmark

router = new_router("/v1/benchmarks", "benchmarks", [Needs("allocation:read")])
CodeFilter = Annotated[str | None, Query(max_length=200)]
COLUMNS = tuple(name for name in BenchmarkAnswer.model_fields if name != "etag")
SORTABLE = {
    name: getattr(Benchmark, name)
    for name in ("as_of", "layer", "object", "kpi", "metric", "source", "median", "updated_at")
}


@router.get(
    "",
    summary="List benchmarks",
    operation_id="list_benchmarks",
    response_model=Page[BenchmarkAnswer],
    responses=EXPORT_RESPONSES,
)
def list_benchmarks(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    layer: Annotated[Layer | None, Query()] = None,
    object_: Annotated[str | None, Query(alias="object", max_length=200)] = None,
    code: Annotated[str | None, Query(max_length=200, description="The same as `object`")] = None,
    kpi: CodeFilter = None,
    metric: CodeFilter = None,
    source: CodeFilter = None,
    as_of: Annotated[Day | None, Query(description="Exactly this day")] = None,
    from_: Annotated[Day | None, Query(alias="from", description="First day")] = None,
    to: Annotated[Day | None, Query(description="Last day")] = None,
) -> Page[BenchmarkAnswer] | Response:
    """The newest first unless sorted otherwise."""
    equal: dict[str, Any] = {
        "layer": layer,
        "object": object_ if object_ is not None else code,
        "kpi": kpi,
        "metric": metric,
        "source": source,
        "as_of": as_of,
    }
    query = repository.list_query(equal, from_, to)
    if object_ is not None and code is not None:
        query = query.where(col(Benchmark.object) == code)
    if export is not None:
        rows = repository.read_all(query)
        cells = ([getattr(row, name) for name in COLUMNS] for row in rows)
        return export_rows(export, "benchmarks", COLUMNS, cells)
    found, cursor = list_page(
        session,
        query,
        page,
        sortable=SORTABLE,
        default_sort="-as_of",
        filters={**equal, "code": code, "from": from_, "to": to},
        unique=Benchmark.id,
    )
    return Page(items=[answer(row) for row in found], next_cursor=cursor)


@router.get("/{benchmark_id:uuid}", summary="Read a benchmark", operation_id="get_benchmark")
def get_benchmark(benchmark_id: UUID, session: SessionDep, response: Response) -> BenchmarkAnswer:
    """One benchmark; its ETag is needed to change it."""
    row = repository.get_benchmark(session, benchmark_id)
    set_etag(response, row)
    return answer(row)
