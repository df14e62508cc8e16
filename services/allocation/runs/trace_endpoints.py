"""`/v1/runs/{id}/trace` and `/v1/runs/{id}/cost-lines/{line_id}/trace`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session

from services.allocation.engine.tracing.contributions import Contribution, Trace
from services.allocation.engine.tracing.trace import (
    LINES,
    trace_back,
    trace_forward,
    trace_lines_forward,
)
from services.allocation.runs import input_repository
from services.allocation.runs.answers import made
from services.allocation.runs.figures import name_of, share_of
from services.allocation.runs.line_index import LineIndex
from services.allocation.runs.loaded import lines_of
from services.allocation.runs.seen_run import SeenRun, SeenRunDep
from shared.auth import OWN_PART, Needs
from shared.contracts.allocation.runs import (
    ContributionAnswer,
    RunLayer,
    TraceAnswer,
    TracedObject,
    TraceLayer,
)
from shared.database import SessionDep, new_session
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.pages_in_memory import page_of
from shared.http.routing import new_router
from shared.money import from_units

router = new_router("/v1/runs/{run_id}", "runs", [Needs("allocation:read")])
Direction = Literal["back", "forward"]
Limit = Annotated[int, Query(ge=1, le=1000, description="Contributions on a page")]
Cursor = Annotated[str | None, Query(max_length=4000, description="`next_cursor` of before")]
COLUMNS = ("layer", "code", "line", "name", "kind", "amount", "share")


@dataclass(frozen=True)
class Asked:
    """What is traced, which way and how far."""

    traced: TracedObject
    direction: Direction
    to: RunLayer


@router.get(
    "/trace",
    summary="Where an amount comes from, or where it goes",
    operation_id="trace_run",
    dependencies=[OWN_PART],
    response_model=TraceAnswer,
    responses=EXPORT_RESPONSES,
)
def trace(
    seen: SeenRunDep,
    session: SessionDep,
    export: ExportDep,
    layer: TraceLayer,
    code: Annotated[str, Query(max_length=200)],
    direction: Direction = "back",
    to: Annotated[
        RunLayer | None, Query(description="Back to lines, forward to consumers by default")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> TraceAnswer | Response:
    """contributions + rest = amount exactly, the largest first.

    Money that passed a layer by ends at the next object on its way; what stayed on the way
    forward, and own amounts on the way back, are contributions of their own kind.
    """
    number = seen.number(layer, code)
    name = name_of(seen.result.numbering, number, seen.language)
    traced = TracedObject(layer=layer, code=code, name=name)
    goal: RunLayer = to or ("line" if direction == "back" else "consumer")
    index = None
    if direction == "forward":
        found = trace_forward(seen.result, number, goal, seen.measure)
    else:
        index = lines_of(session, seen.run) if goal == "line" and not seen.measure else None
        lines = index.amounts if index else None
        found = trace_back(seen.result, number, goal, seen.measure, lines)
    asked = Asked(traced, direction, goal)
    return _answer(seen, session, export, asked, found, index, limit, cursor)


@router.get(
    "/cost-lines/{line_id}/trace",
    summary="Where one line's money went",
    operation_id="trace_cost_line",
    response_model=TraceAnswer,
    responses=EXPORT_RESPONSES,
)
def trace_cost_line(
    line_id: UUID,
    seen: SeenRunDep,
    session: SessionDep,
    export: ExportDep,
    to: Annotated[RunLayer, Query(description="How far")] = "consumer",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> TraceAnswer | Response:
    """Forward from one line; a line out of scope, or without a pool, says so."""
    index = lines_of(session, seen.run)
    place = index.place(line_id)
    units = int(index.amounts.units[place]) if seen.measure == 0 else 0
    found = trace_lines_forward(seen.result, int(index.amounts.groups[place]), units, to)
    name = input_repository.line_names(session, [line_id]).get(line_id)
    asked = Asked(TracedObject(layer="line", line=line_id, name=name), "forward", to)
    return _answer(seen, session, export, asked, found, index, limit, cursor)


def _answer(
    seen: SeenRun,
    session: Session,
    export: str | None,
    asked: Asked,
    found: Trace,
    index: LineIndex | None,
    limit: int,
    cursor: str | None,
) -> TraceAnswer | Response:
    if export is not None:
        return _export(seen, export, found, index)
    bound = {"run": seen.run.id, "measure": seen.measure, **asked.traced.model_dump(mode="json")}
    bound |= {"direction": asked.direction, "to": asked.to}
    shown, _, following = page_of(found.contributions, limit, cursor, bound)
    rest = found.units - sum(one.units for one in shown)
    return made(
        TraceAnswer,
        object=asked.traced,
        direction=asked.direction,
        to=asked.to,
        measure=seen.result.measures[seen.measure],
        amount=from_units(found.units, seen.precision),
        contributions=_contributions(seen, session, found.units, shown, index),
        rest=from_units(rest, seen.precision),
        next_cursor=following,
    )


def _contributions(
    seen: SeenRun,
    session: Session,
    whole: int,
    shown: Sequence[Contribution],
    index: LineIndex | None,
) -> list[ContributionAnswer]:
    ids = [index.id_at(one.place) for one in shown if one.kind == LINES] if index else []
    names = input_repository.line_names(session, ids) if ids else {}
    answers = []
    for one in shown:
        line = index.id_at(one.place) if index is not None and one.kind == LINES else None
        numbering = seen.result.numbering
        answers.append(
            made(
                ContributionAnswer,
                layer=one.layer,
                code=None if line else numbering.code_of(one.place),
                line=line,
                name=names.get(line) if line else name_of(numbering, one.place, seen.language),
                kind="line" if line else one.kind,
                amount=from_units(one.units, seen.precision),
                share=share_of(one.units, whole),
            )
        )
    return answers


def _export(seen: SeenRun, kind: str, found: Trace, index: LineIndex | None) -> Response:
    """The whole trace as a table, read while it is written out."""

    def cells() -> Iterator[tuple[object, ...]]:
        with new_session() as session:
            for start in range(0, len(found.contributions), 1_000):
                stretch = found.contributions[start : start + 1_000]
                for one in _contributions(seen, session, found.units, stretch, index):
                    yield tuple(getattr(one, name) for name in COLUMNS)

    return export_rows(kind, "trace", COLUMNS, cells())
