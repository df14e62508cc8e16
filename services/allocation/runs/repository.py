"""The SQL of runs: their rows, their chunks, their balances."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlmodel import Session, col

from services.allocation.emission_factors import repository as factors
from services.allocation.engine.result import RunResult
from services.allocation.engine.storing.leg_storage import Chunk
from services.allocation.runs.input_repository import last_changes
from shared.database import at_once, raw_connection
from shared.errors import NotFound, RuleBroken
from shared.postgres import advisory_locks
from shared.tables.allocation.model import ModelVersion
from shared.tables.allocation.runs import AllocationRun

FACTORS_TOPIC = "emission_factors"
"""The last change of the emission factors, in the `inputs_as_of` of runs that took them."""


def get_run(session: Session, run_id: UUID) -> AllocationRun:
    """One run by its id."""
    found = session.get(AllocationRun, run_id)
    if found is None:
        raise NotFound(f"run {run_id}")
    return found


def lock_run(session: Session, run_id: UUID) -> AllocationRun:
    """One run, held against other changes until the transaction ends."""
    found = session.get(AllocationRun, run_id, with_for_update=True)
    if found is None:
        raise NotFound(f"run {run_id}")
    return found


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Runs with these values."""
    query = select(AllocationRun)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(AllocationRun, name) == value)
    return query


def find_published(session: Session, period: str, scenario: str) -> AllocationRun | None:
    """The run that speaks for a period and scenario."""
    query = list_query({"period": period, "scenario": scenario, "published": True})
    return session.execute(query).scalars().one_or_none()


def list_published(
    session: Session, first: str, last: str | None, scenario: str = "actual"
) -> list[AllocationRun]:
    """The published runs from one period to another (else to the newest), in their order."""
    query = list_query({"scenario": scenario, "published": True})
    query = query.where(col(AllocationRun.period) >= first)
    if last is not None:
        query = query.where(col(AllocationRun.period) <= last)
    return list(session.execute(query.order_by(col(AllocationRun.period))).scalars())


def lock_publishing(session: Session, period: str) -> None:
    """One publication of a period at a time."""
    advisory_locks.hold(session, f"publishing:{period}")


def get_version(session: Session, version_id: UUID | None) -> ModelVersion:
    """A model version; without an id, the published one. RuleBroken when there is none."""
    found: ModelVersion | None
    if version_id is None:
        published = select(ModelVersion).where(col(ModelVersion.status) == "published")
        found = session.execute(published).scalars().one_or_none()
        code, message = "no_published_model", "no model version is published yet; name one"
    else:
        found = session.get(ModelVersion, version_id)
        code, message = "unknown_code", f"there is no model version {version_id}"
    if found is None:
        raise RuleBroken.at("/model_version", code, message)
    return found


def mark_running(run_id: UUID) -> None:
    """Show at once, outside the job's transaction, that the run has begun."""
    with at_once() as connection:
        connection.execute(
            text(
                "update allocation_run set status = 'running' where id = :id and status = 'queued'"
            ),
            {"id": run_id},
        )


def add_result(session: Session, run_id: UUID, result: RunResult, chunks: Iterable[Chunk]) -> None:
    """Store everything that a run took and gave, by binary COPY, in this transaction."""
    with raw_connection(session).cursor() as cursor:
        _clear(cursor, run_id)
        with cursor.copy(
            "copy run_chunk (run_id, name, position, content) from stdin (format binary)"
        ) as copy:
            copy.set_types(["uuid", "text", "int4", "bytea"])
            for chunk in chunks:
                copy.write_row((run_id, chunk.name, chunk.position, chunk.content))
        _copy_balances(cursor, run_id, result)
        _copy_unallocated(cursor, run_id, result)


def _clear(cursor: Any, run_id: UUID) -> None:
    """A job that is repeated writes what it wrote before."""
    for table in ("run_chunk", "run_balance", "run_unallocated"):
        cursor.execute(f"delete from {table} where run_id = %s", (run_id,))


def _copy_balances(cursor: Any, run_id: UUID, result: RunResult) -> None:
    statement = (
        "copy run_balance (run_id, measure, number, layer, code, parent, precision, own, received,"
        " passed_on, retained, unallocated) from stdin (format binary)"
    )
    numbering, balances = result.numbering, result.balances
    sums = (
        balances.own,
        balances.received,
        balances.passed_on,
        balances.retained,
        balances.unallocated,
    )
    with cursor.copy(statement) as copy:
        copy.set_types(["uuid", "text", "int4", "text", "text", "text", "int2", *["int8"] * 5])
        for place, measure in enumerate(result.measures):
            digits = result.precision[measure]
            rows = zip(*(one[place].tolist() for one in sums), strict=True)
            for number, units in enumerate(rows):
                found = numbering.objects[number] if number < numbering.count else None
                parent = found.parent if found else None
                code = found.code if found else None
                layer = found.layer if found else "line"
                copy.write_row((run_id, measure, number, layer, code, parent, digits, *units))


def _copy_unallocated(cursor: Any, run_id: UUID, result: RunResult) -> None:
    statement = (
        "copy run_unallocated (run_id, measure, position, layer, code, reason, mapping,"
        " unknown_code, precision, units) from stdin (format binary)"
    )
    numbering = result.numbering
    with cursor.copy(statement) as copy:
        copy.set_types(["uuid", "text", "int4", *["text"] * 5, "int2", "int8"])
        for place, measure in enumerate(result.measures):
            for position, entry in enumerate(result.entries):
                if not entry.units[place]:
                    continue
                number = entry.object_number
                where = (numbering.layer_of(number), numbering.code_of(number))
                why = (entry.reason, entry.mapping, entry.unknown_code)
                amount = (result.precision[measure], entry.units[place])
                copy.write_row((run_id, measure, position, *where, *why, *amount))


def read_chunks_of(
    session: Session, run_id: UUID, without: Sequence[str] = ()
) -> dict[str, list[bytes]]:
    """All chunks of a run by name, each in order, but for those `without`.

    Read in binary, because a text of bytes is twice as long.
    """
    stored: dict[str, list[bytes]] = {}
    with raw_connection(session).cursor(binary=True) as cursor:
        cursor.execute(
            "select name, content from run_chunk where run_id = %s and name <> all(%s)"
            " order by name, position",
            (run_id, list(without)),
        )
        for name, content in cursor:
            stored.setdefault(name, []).append(content)
    return stored


def unallocated_history(
    session: Session, run: AllocationRun, measure: str, first_period: str
) -> dict[tuple[str, str | None, str], dict[str, tuple[int, int]]]:
    """What stayed in the published runs of earlier periods: (layer, code, reason) to periods.

    Each period has (units, precision); entries of one object and reason are added up.
    """
    rows = session.execute(
        text(
            "select u.layer, u.code, u.reason, r.period, sum(u.units), max(u.precision)"
            " from run_unallocated u join allocation_run r on r.id = u.run_id"
            " where r.published and r.scenario = :scenario and r.period >= :first"
            " and r.period < :period and r.currency = :currency and u.measure = :measure"
            " group by 1, 2, 3, 4"
        ),
        {
            "scenario": run.scenario,
            "first": first_period,
            "period": run.period,
            "currency": run.currency,
            "measure": measure,
        },
    )
    found: dict[tuple[str, str | None, str], dict[str, tuple[int, int]]] = {}
    for layer, code, reason, period, units, precision in rows:
        found.setdefault((layer, code, reason), {})[period] = (int(units), int(precision))
    return found


def _use_factors(runs: Sequence[AllocationRun]) -> bool:
    return any(FACTORS_TOPIC in run.inputs_as_of for run in runs)


def newer_inputs(session: Session, runs: Sequence[AllocationRun]) -> set[UUID]:
    """Those of the runs whose facts have changed since, or that another model version replaced."""
    published = session.execute(
        select(col(ModelVersion.id)).where(col(ModelVersion.status) == "published")
    ).scalar()
    retired = set(
        session.execute(
            select(col(ModelVersion.id)).where(col(ModelVersion.status) == "retired")
        ).scalars()
    )
    newest: dict[tuple[str, str], Mapping[str, int]] = {}
    stale: set[UUID] = set()
    factors_now = factors.last_change(session) if _use_factors(runs) else 0
    for run in runs:
        if run.status != "succeeded":
            continue
        key = (run.period, run.scenario)
        if key not in newest:
            newest[key] = last_changes(session, *key)
        changed = any(
            number > run.inputs_as_of.get(topic, 0) for topic, number in newest[key].items()
        )
        changed |= factors_now > run.inputs_as_of.get(FACTORS_TOPIC, factors_now)
        if changed or (published is not None and run.model_version_id in retired):
            stale.add(run.id)
    return stale


def import_sums(session: Session, bound: Mapping[str, object]) -> list[Any]:
    """Per import and currency that brought lines into the period: what it accepted, where it is.

    Rows of (import id, file name, currency, accepted in all, live in the run, not live any more,
    in other periods); lines that were pushed have no import.
    """
    return list(
        session.execute(
            text(
                "with touched as (select distinct import_id from cost_line l"
                " where l.period = :period and l.scenario = :scenario"
                " and l.live_from <= :lines_as_of),"
                " brought as (select l.import_id, l.currency, l.period, l.amount,"
                " (l.period = :period and l.scenario = :scenario and l.live_from <= :lines_as_of"
                "  and (l.live_to is null or l.live_to > :lines_as_of)) as is_live,"
                " (l.period = :period and l.scenario = :scenario) as is_here,"
                " row_number() over (partition by l.import_id, l.source, l.identity, l.ordinal,"
                "  l.period order by l.live_from desc) as version"
                " from cost_line l where l.import_id in (select import_id from touched)"
                "  or (l.import_id is null and l.period = :period and l.scenario = :scenario))"
                " select b.import_id, i.file_name, b.currency, sum(b.amount),"
                " coalesce(sum(b.amount) filter (where b.is_live), 0),"
                " coalesce(sum(b.amount) filter (where b.is_here and not b.is_live), 0),"
                " coalesce(sum(b.amount) filter (where not b.is_here), 0), i.amounts"
                " from brought b left join data_import i on i.id = b.import_id"
                " where b.version = 1 or b.is_live group by b.import_id, i.file_name, i.amounts,"
                " b.currency order by b.currency, i.file_name nulls last, b.import_id"
            ),
            dict(bound),
        )
    )
