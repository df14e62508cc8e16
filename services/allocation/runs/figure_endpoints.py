"""`/v1/runs/{id}/balances`, `/flows`, `/unallocated`, `/reconciliation`."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query, Response

from services.allocation.runs import reconciliation, unallocated
from services.allocation.runs.answers import balance_answer, flow_answer
from services.allocation.runs.figures import (
    BalanceRow,
    balance_rows,
    subtree_numbers,
)
from services.allocation.runs.flow_pages import WantedFlows, all_flows, page_of_flows
from services.allocation.runs.flows import FlowFilter, FlowRow
from services.allocation.runs.seen_run import SeenRun, SeenRunDep
from shared.auth import OWN_PART, Needs
from shared.contracts.allocation.mappings import Stage
from shared.contracts.allocation.runs import (
    BalanceAnswer,
    FlowAnswer,
    ReconciliationAnswer,
    RunLayer,
    UnallocatedAnswer,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.pages_in_memory import page_of, sorted_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep

router = new_router("/v1/runs/{run_id}", "runs", [Needs("allocation:read")])
CodeQuery = Annotated[str | None, Query(max_length=200)]
BALANCE_COLUMNS = tuple(BalanceAnswer.model_fields)
FLOW_COLUMNS = tuple(FlowAnswer.model_fields)
UNALLOCATED_COLUMNS = tuple(UnallocatedAnswer.model_fields)
BALANCE_SORT = {
    name: (lambda row, name=name: getattr(row, name))
    for name in ("code", "own", "received", "passed_on", "retained", "unallocated")
}


@router.get(
    "/balances",
    summary="What each object got and did with it",
    operation_id="list_run_balances",
    dependencies=[OWN_PART],
    response_model=Page[BalanceAnswer],
    responses=EXPORT_RESPONSES,
)
def list_balances(
    seen: SeenRunDep,
    page: PageQueryDep,
    export: ExportDep,
    layer: RunLayer | None = None,
    code: CodeQuery = None,
    under: CodeQuery = None,
    rollup: Annotated[bool, Query(description="Count with each object all below it")] = False,
) -> Page[BalanceAnswer] | Response:
    """own + received = passed_on + retained + unallocated; in order of layer and code."""
    inside = None if under is None else _numbers_under(seen, under)
    rows = [
        row
        for row in balance_rows(seen.result, seen.measure, layer, rollup=rollup)
        if (code is None or row.code == code)
        and (seen.own is None or row.number in seen.own)
        and (inside is None or row.number in inside)
    ]
    rows = sorted_rows(rows, page, BALANCE_SORT)
    if export is not None:
        return export_rows(export, "balances", BALANCE_COLUMNS, _balance_cells(seen, rows))
    filters = {"run": seen.run.id, "layer": layer, "code": code, "under": under, "sort": page.sort}
    bound = {**filters, "rollup": rollup, "measure": seen.measure, "own": seen.own}
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    items = [balance_answer(row, seen.result, seen.precision, seen.language) for row in shown]
    return Page(items=items, next_cursor=cursor)


def _numbers_under(seen: SeenRun, root: str) -> frozenset[int]:
    """The objects of this code in any layer, and all below them."""
    layers = seen.result.numbering.layers
    return frozenset().union(*(subtree_numbers(seen.result, layer, [root]) for layer in layers))


def _balance_cells(seen: SeenRun, rows: list[BalanceRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        answer = balance_answer(row, seen.result, seen.precision, seen.language)
        yield tuple(getattr(answer, name) for name in BALANCE_COLUMNS)


@router.get(
    "/flows",
    summary="What moved from where to where",
    operation_id="list_run_flows",
    dependencies=[OWN_PART],
    response_model=Page[FlowAnswer],
    responses=EXPORT_RESPONSES,
)
def list_flows(
    seen: SeenRunDep,
    page: PageQueryDep,
    export: ExportDep,
    stage: Stage | None = None,
    source: CodeQuery = None,
    target: CodeQuery = None,
    mapping: CodeQuery = None,
) -> Page[FlowAnswer] | Response:
    """In order of stage, source and target; `share` is of all that the source had."""
    wanted = FlowFilter(
        stage=stage,
        mapping=mapping,
        sources=_numbers(seen, source),
        targets=_targets(seen, target),
    )
    asked = WantedFlows(seen.result, seen.measure, wanted, page.sort)
    if export is not None:
        return export_rows(export, "flows", FLOW_COLUMNS, _flow_cells(seen, asked))
    bound: dict[str, object] = {
        "run": seen.run.id,
        "stage": stage,
        "source": source,
        "target": target,
    }
    bound |= {"mapping": mapping, "measure": seen.measure, "sort": page.sort, "own": seen.own}
    shown, cursor = page_of_flows(asked, page, bound)
    items = [_flow(seen, row) for row in shown]
    return Page(items=items, next_cursor=cursor)


def _flow(seen: SeenRun, row: FlowRow) -> FlowAnswer:
    is_bound = seen.own is not None
    return flow_answer(row, seen.result, seen.measure, seen.language, is_bound=is_bound)


def _numbers(seen: SeenRun, code: str | None) -> frozenset[int] | None:
    """The objects of any layer with this code; None without a code."""
    if code is None:
        return None
    layers = seen.result.numbering.layers.values()
    return frozenset(layer.numbers[code] for layer in layers if code in layer.numbers)


def _targets(seen: SeenRun, code: str | None) -> frozenset[int] | None:
    named = _numbers(seen, code)
    if seen.own is None:
        return named
    return seen.own if named is None else named & seen.own


def _flow_cells(seen: SeenRun, asked: WantedFlows) -> Iterator[tuple[Any, ...]]:
    for row in all_flows(asked):
        answer = _flow(seen, row)
        yield tuple(getattr(answer, name) for name in FLOW_COLUMNS)


@router.get(
    "/unallocated",
    summary="What could not move, and why",
    operation_id="list_run_unallocated",
    response_model=Page[UnallocatedAnswer],
    responses=EXPORT_RESPONSES,
)
def list_unallocated(
    seen: SeenRunDep,
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    layer: RunLayer | None = None,
    reason: Annotated[str | None, Query(max_length=40)] = None,
    code: CodeQuery = None,
) -> Page[UnallocatedAnswer] | Response:
    """The largest first; `since` is the first of the months in a row in which it stayed."""
    rows = [
        row
        for row in unallocated.unallocated_rows(session, seen)
        if (layer is None or row.layer == layer)
        and (reason is None or row.reason == reason)
        and (code is None or row.code == code)
    ]
    rows = sorted_rows(rows, page, unallocated.SORTABLE)
    if export is not None:
        cells = (tuple(getattr(row, name) for name in UNALLOCATED_COLUMNS) for row in rows)
        return export_rows(export, "unallocated", UNALLOCATED_COLUMNS, cells)
    bound: dict[str, object] = {"run": seen.run.id, "layer": layer, "reason": reason, "code": code}
    bound |= {"measure": seen.measure, "sort": page.sort}
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    return Page(items=list(shown), next_cursor=cursor)


@router.get(
    "/reconciliation",
    summary="From the imports' totals to the consumers",
    operation_id="get_run_reconciliation",
)
def get_reconciliation(seen: SeenRunDep, session: SessionDep) -> ReconciliationAnswer:
    """Every step's two sides add up to the same, to the last unit."""
    return ReconciliationAnswer(steps=reconciliation.steps(session, seen))
