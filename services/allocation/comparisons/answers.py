"""Comparisons as callers see them: rows in the order asked for, amounts exact."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.allocation.comparisons.domain import (
    Difference,
    RunComparison,
    difference_at,
    summed,
)
from services.allocation.engine.comparing.comparison import TOTALS, Compared
from services.allocation.engine.comparing.factors import FACTORS
from services.allocation.runs.answers import made
from shared.contracts.allocation.comparisons import (
    CompareAnswer,
    ComparedObject,
    ComparedTotals,
    ComparisonAnswer,
    DifferenceParts,
    ListedComparison,
    SplitDifference,
)
from shared.contracts.values import name_in
from shared.errors import FieldError, RuleBroken
from shared.http.etags import etag_of
from shared.http.pages_in_memory import page_of, sorted_rows
from shared.money import from_units
from shared.pagination import PageQuery
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.what_if import Comparison

COLUMNS = ("layer", "code", "name", "before", "after", "difference", *FACTORS)


@dataclass(frozen=True)
class Shown:
    """What a caller asks to see of a comparison; `own` are the consumers it is bound to."""

    layer: str | None
    code: str | None
    measure: str
    language: str
    own: frozenset[str] | None = None


def measured(comparison: RunComparison, measure: str) -> Compared:
    """The figures of a measure; RuleBroken when not both runs have it."""
    if measure not in comparison.measures:
        message = f"both runs have {', '.join(comparison.measures)} only"
        errors = [FieldError("query:/measure", "measure_not_in_run", message)]
        raise RuleBroken(message, code="measure_not_in_run", errors=errors)
    return comparison.measures[measure]


def rows_of(comparison: RunComparison, shown: Shown, page: PageQuery) -> list[int]:
    """The places to show, the largest difference first unless the caller sorts otherwise."""
    split = measured(comparison, shown.measure).places
    rows = [
        row
        for row, (layer, code) in enumerate(comparison.places)
        if shown.layer in {None, layer}
        and shown.code in {None, code}
        and (shown.own is None or (layer == "consumer" and code in shown.own))
    ]
    sortable: dict[str, Callable[[int], Any]] = {
        "size": lambda row: abs(split.after[row] - split.before[row]),
        "difference": lambda row: split.after[row] - split.before[row],
        "before": lambda row: split.before[row],
        "after": lambda row: split.after[row],
        "code": lambda row: comparison.places[row][1],
        "name": lambda row: _name(comparison, row, shown.language),
    }
    for factor, values in split.parts.items():
        sortable[factor] = values.__getitem__
    return sorted_rows(rows, page, sortable, "-size")


def figures_of(
    comparison: RunComparison,
    shown: Shown,
    rows: Sequence[int],
    page: PageQuery,
    bound_to: Mapping[str, object],
) -> dict[str, Any]:
    """The fields `measure`, `total`, `totals`, `items` and `next_cursor` of an answer."""
    found = measured(comparison, shown.measure)
    asked = {"layer": shown.layer, "code": shown.code, "measure": shown.measure}
    bound = {**bound_to, **asked, "sort": page.sort, "own": sorted(shown.own or ())}
    part, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    totals = {name: _made(difference_at(found.totals, at)) for at, name in enumerate(TOTALS)}
    visible = shown.own is None
    return {
        "measure": shown.measure,
        "total": totals["input"] if visible else _made(summed(found.places, rows)),
        "totals": made(ComparedTotals, **totals) if visible else None,
        "items": [_item(comparison, shown, row) for row in part],
        "next_cursor": cursor,
    }


def cells_of(comparison: RunComparison, shown: Shown, row: int) -> tuple[Any, ...]:
    """One place as a row of a table, in the order of COLUMNS."""
    item = _item(comparison, shown, row)
    plain = [getattr(item, name) for name in COLUMNS[: -len(FACTORS)]]
    return (*plain, *(getattr(item.parts, name) for name in FACTORS))


def compare_answer(
    run: AllocationRun, base: AllocationRun, changed: Sequence[str], figures: Mapping[str, Any]
) -> CompareAnswer:
    """Two runs compared in sequence."""
    return made(
        CompareAnswer,
        run=run.id,
        base=base.id,
        method="sequence",
        scenario=run.scenario,
        currency=run.currency,
        period=run.period,
        base_period=base.period,
        changed=list(changed),
        **figures,
    )


def listed(row: Comparison, runs: Mapping[UUID, AllocationRun]) -> ListedComparison:
    """A comparison without its figures."""
    return made(ListedComparison, **_head(row, runs))


def comparison_answer(
    row: Comparison, runs: Mapping[UUID, AllocationRun], figures: Mapping[str, Any]
) -> ComparisonAnswer:
    """A comparison with its figures, or without while there are none."""
    none: dict[str, Any] = {"measure": None, "total": None, "totals": None}
    none |= {"items": [], "next_cursor": None}
    return made(ComparisonAnswer, **_head(row, runs), **(figures or none))


def _head(row: Comparison, runs: Mapping[UUID, AllocationRun]) -> dict[str, Any]:
    run, base = runs[row.run_id], runs[row.base_id]
    return {
        "id": row.id,
        "status": row.status,
        "run": run.id,
        "base": base.id,
        "method": row.method,
        "scenario": run.scenario,
        "currency": run.currency,
        "period": run.period,
        "base_period": base.period,
        "measures": list(row.summary.get("measures", {})),
        "changed": row.summary.get("changed", []),
        "problem": row.problem,
        "created_at": row.created_at,
        "created_by": row.subject,
        "finished_at": row.finished_at,
        "etag": etag_of(row.id, row.version),
    }


def _name(comparison: RunComparison, row: int, language: str) -> str | None:
    return name_in(comparison.names[row], language) or comparison.places[row][1]


def _item(comparison: RunComparison, shown: Shown, row: int) -> ComparedObject:
    layer, code = comparison.places[row]
    split = measured(comparison, shown.measure).places
    fields = _fields(difference_at(split, row))
    name = _name(comparison, row, shown.language)
    return made(ComparedObject, layer=layer, code=code, name=name, **fields)


def _made(difference: Difference) -> SplitDifference:
    return made(SplitDifference, **_fields(difference))


def _fields(one: Difference) -> dict[str, Any]:
    parts = zip(FACTORS, one.parts, strict=True)
    return {
        "before": from_units(one.before, one.decimals),
        "after": from_units(one.after, one.decimals),
        "difference": from_units(one.after - one.before, one.decimals),
        "parts": made(
            DifferenceParts, **{name: from_units(part, one.decimals) for name, part in parts}
        ),
    }
