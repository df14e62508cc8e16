"""`/v1/benchmarks`: adding, changing, deleting."""

from uuid import UUID

from fastapi import Response

from services.allocation.benchmarks import repository
from services.allocation.cost_objects.domain import unknown_object
from services.allocation.cost_objects.repository import unknown_objects
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.changes import write_differences
from shared.clock import utc_now
from shared.contracts.allocation.benchmarks import BenchmarkAnswer, BenchmarkRequest
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.database import SessionDep
from shared.errors import Conflict, Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.natural_keys import check_key_stays
from shared.http.routing import new_router
from shared.tables.allocation.planning import Benchmark

SERVICE = "allocation"
KEY_FIELDS = ("layer", "object", "kpi", "metric", "source", "as_of")
FIGURES = ("p25", "median", "p75", "currency")
WRITE = [Needs("allocation:write")]
router = new_router("/v1/benchmarks", "benchmarks", [Needs("allocation:read")])


def answer(row: Benchmark) -> BenchmarkAnswer:
    """A benchmark as callers see it."""
    return BenchmarkAnswer(
        **row.model_dump(exclude={"version", "created_at"}), etag=etag_of(row.id, row.version)
    )


def _apply(row: Benchmark, request: BenchmarkRequest) -> bool:
    """Write the figures into a row; whether anything changed."""
    return write_differences(row, {name: getattr(request, name) for name in FIGURES})


def _new_row(request: BenchmarkRequest) -> Benchmark:
    row = Benchmark(**{name: getattr(request, name) for name in KEY_FIELDS}, created_at=utc_now())
    _apply(row, request)
    return row


def _objects(requests: list[BenchmarkRequest]) -> set[tuple[str, str]]:
    return {(one.layer, one.object) for one in requests if one.layer and one.object}


@router.post(
    "",
    summary="Add a benchmark",
    operation_id="create_benchmark",
    status_code=201,
    dependencies=WRITE,
)
def create_benchmark(
    request: BenchmarkRequest, session: SessionDep, caller: CallerDep, response: Response
) -> BenchmarkAnswer:
    """409 `benchmark_exists` for one known by the same; 422 `unknown_code` without its object."""
    if unknown_objects(session, _objects([request])):
        raise unknown_object(request.layer, request.object)
    if repository.find_benchmarks(session, [repository.key_of(request)]):
        raise Conflict("there is one of this source and day", code="benchmark_exists")
    row = _new_row(request)
    session.add(row)
    session.flush()
    after = row.model_dump()
    trail.record(session, caller, SERVICE, "create", "benchmark", str(row.id), after=after)
    set_etag(response, row)
    return answer(row)


@router.put(
    "/{benchmark_id:uuid}",
    summary="Replace a benchmark",
    operation_id="replace_benchmark",
    dependencies=WRITE,
)
def replace_benchmark(
    benchmark_id: UUID,
    request: BenchmarkRequest,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
) -> BenchmarkAnswer:
    """Quartiles and currency; what a benchmark is known by stays (422 `key_fixed`)."""
    row = repository.lock_benchmark(session, benchmark_id)
    check_if_match(if_match, row)
    check_key_stays(row, request, KEY_FIELDS)
    before = row.model_dump()
    if _apply(row, request):
        row.version += 1
        session.add(row)
        session.flush()
        after = row.model_dump()
        trail.record(
            session, caller, SERVICE, "update", "benchmark", str(row.id), before=before, after=after
        )
    set_etag(response, row)
    return answer(row)


@router.delete(
    "/{benchmark_id:uuid}",
    summary="Delete a benchmark",
    operation_id="delete_benchmark",
    status_code=204,
    dependencies=WRITE,
)
def delete_benchmark(
    benchmark_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Views then show the one before it."""
    row = repository.lock_benchmark(session, benchmark_id)
    check_if_match(if_match, row)
    before = row.model_dump()
    session.delete(row)
    trail.record(session, caller, SERVICE, "delete", "benchmark", str(row.id), before=before)


@router.post(
    "/bulk",
    summary="Add or change many benchmarks",
    operation_id="bulk_benchmarks",
    dependencies=WRITE,
)
def bulk_benchmarks(
    request: BulkRequest[BenchmarkRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by object or KPI, metric, source and day."""
    items = read_items(BenchmarkRequest, request.items)
    good = [item for item in items if not isinstance(item, Problem)]
    unknown = unknown_objects(session, _objects(good))
    known = repository.find_benchmarks(session, (repository.key_of(one) for one in good))

    def apply_one(item: BenchmarkRequest) -> Outcome:
        if (item.layer, item.object) in unknown:
            raise unknown_object(item.layer, item.object)
        key = repository.key_of(item)
        row = known.get(key)
        if row is None:
            row = known[key] = _new_row(item)
            session.add(row)
            return "created", row.id
        if not _apply(row, item):
            return "unchanged", row.id
        if row not in session.new:
            row.version += 1
        session.add(row)
        return "updated", row.id

    done = apply_items(session, items, how, apply_one)
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", "benchmark", "", details=details)
    return done
