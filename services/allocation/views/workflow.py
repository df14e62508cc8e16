"""Loads what a view shows: its lines, their budgets and quantities, the months before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.allocation.runs.repository import list_published
from services.allocation.views import repository
from services.allocation.views.asking import Asked
from services.allocation.views.budgeting import (
    Entry,
    LineBudgets,
    add_budget_run,
    add_entries,
)
from services.allocation.views.domain import Line, add_up, merge
from services.allocation.views.figures import LAYERS
from services.allocation.views.flow import FlowRun
from services.allocation.views.gathering import Gathered, Grouping, gather, group
from services.allocation.views.keeping import Kept
from services.allocation.views.loading import edges_of, layer_of
from services.allocation.views.parts import Parts, RunFlows, parts_of
from shared.tables.allocation.runs import AllocationRun

TREND_MONTHS = 12
TOTALS = ("lines", "out_of_scope", "own", "input", "consumers", "retained", "unallocated")
_gathered: Kept[Gathered] = Kept(
    200_000_000, lambda one: 200 * len(one.keys) + 8 * len(one.figures) + 1_000
)
_merged: Kept[Sequence[Line]] = Kept(200_000_000, lambda lines: 300 * len(lines) + 1_000)


@dataclass(frozen=True)
class ViewData:
    """A layer of some runs, gathered; `past` are months before them, for the trend only."""

    layer: str
    measure: str
    runs: Sequence[AllocationRun]
    gathered: Sequence[Gathered]
    past: Sequence[Gathered]
    budgets: LineBudgets
    lines: Sequence[Line]

    @property
    def currency(self) -> str | None:
        """The currency of all runs."""
        return self.runs[0].currency if self.runs else None

    @property
    def periods(self) -> list[str]:
        """The months of the runs."""
        return [run.period for run in self.runs]

    @property
    def with_runs(self) -> list[tuple[AllocationRun, Gathered]]:
        """Each run with its lines."""
        return list(zip(self.runs, self.gathered, strict=True))


def load_view(
    session: Session, asked: Asked, runs: Sequence[AllocationRun], layer: str, grouping: Grouping
) -> ViewData:
    """The lines of a layer over the runs."""
    gathered = [gathered_layer(session, run, asked.measure, layer, grouping) for run in runs]
    budgets = _budgets(session, asked, runs, gathered, layer, grouping)
    return ViewData(
        layer=layer,
        measure=asked.measure,
        runs=runs,
        gathered=gathered,
        past=_past(session, asked, runs, layer, grouping),
        budgets=budgets,
        lines=_lines(asked.measure, layer, grouping, runs, gathered, budgets),
    )


def _lines(
    measure: str,
    layer: str,
    grouping: Grouping,
    runs: Sequence[AllocationRun],
    gathered: Sequence[Gathered],
    budgets: LineBudgets,
) -> Sequence[Line]:
    """The merged lines; they stay the same for all pages unless a budget alone has some more."""
    key = (tuple(ids_of(runs)), measure, layer, grouping)
    lines = _merged.get(key, lambda: merge(gathered))
    more = budgets.new_lines.keys() - {line.key for line in lines}
    return merge(gathered, budgets.new_lines) if more else lines


def gathered_layer(
    session: Session, run: AllocationRun, measure: str, layer: str, grouping: Grouping
) -> Gathered:
    """The lines of a layer of one finished run; the pools' within their cost types."""

    def make() -> Gathered:
        figures = layer_of(session, run, measure, layer, by_cost_type=layer == "pool")
        return gather(figures, grouping)

    return _gathered.get((run.id, measure, layer, grouping), make)


def _past(
    session: Session,
    asked: Asked,
    runs: Sequence[AllocationRun],
    layer: str,
    grouping: Grouping,
) -> list[Gathered]:
    """The published months before a single one, so that its trend can be seen."""
    if len(runs) != 1 or asked.first is not None:
        return []
    run = runs[0]
    before = repository.list_published_before(
        session, run.period, run.scenario, run.currency, TREND_MONTHS - 1
    )
    return [
        gathered_layer(session, one, asked.measure, layer, grouping)
        for one in before
        if asked.measure in one.measures
    ]


def _budgets(
    session: Session,
    asked: Asked,
    runs: Sequence[AllocationRun],
    gathered: Sequence[Gathered],
    layer: str,
    grouping: Grouping,
) -> LineBudgets:
    """Month by month the published budget run, else the entries of that month."""
    budgets = LineBudgets()
    if not runs or runs[0].scenario == "budget":
        return budgets
    first, last = runs[0].period, runs[-1].period
    planned = {run.period: run for run in list_published(session, first, last, "budget")}
    for run, lines in zip(runs, gathered, strict=True):
        plan = planned.get(run.period)
        if plan and plan.currency == run.currency and asked.measure in plan.measures:
            add_budget_run(budgets, gathered_layer(session, plan, asked.measure, layer, grouping))
        elif asked.measure == "cost":
            rows = repository.budgets_of(session, layer, run.period)
            add_entries(budgets, [Entry(*row) for row in rows], lines, run.currency)
    return budgets


def run_totals(runs: Sequence[AllocationRun], measure: str) -> Mapping[str, Decimal]:
    """The totals of the runs, added up; the names of RunTotals."""
    names = (*TOTALS, "residual")
    return {name: add_up(Decimal(run.totals[measure][name]) for run in runs) for name in names}


def parts_of_lines(
    session: Session, data: ViewData, lines: Sequence[Line], *, incoming: bool, limit: int
) -> list[Parts]:
    """The largest parts of some lines over all runs of a view."""
    flows = [
        RunFlows(
            gathered=gathered,
            edges=edges_of(session, run, data.measure),
            layers={layer: layer_of(session, run, data.measure, layer) for layer in LAYERS},
        )
        for run, gathered in data.with_runs
    ]
    return parts_of(flows, lines, incoming=incoming, limit=limit)


def load_flow(session: Session, asked: Asked, runs: Sequence[AllocationRun]) -> list[FlowRun]:
    """All layers and flows of the runs."""
    grouping = Grouping(asked.level, asked.group_by)
    found = []
    for run in runs:
        layers = {
            layer: group(layer_of(session, run, asked.measure, layer), grouping) for layer in LAYERS
        }
        rows = repository.balances_of_layer(session, run.id, asked.measure, "line")
        found.append(
            FlowRun(
                layers=layers,
                edges=edges_of(session, run, asked.measure),
                lines_unallocated=sum(int(row.unallocated) for row in rows),
                precision=run.precision[asked.measure],
            )
        )
    return found


def ids_of(runs: Sequence[AllocationRun]) -> list[UUID]:
    """The runs behind a view."""
    return [run.id for run in runs]


def benchmarks_of(session: Session, data: ViewData, lines: Sequence[Line]) -> Mapping[str, Any]:
    """The newest benchmark of each line's unit cost on the last day of the view, by code."""
    if data.measure != "cost" or data.currency is None:
        return {}
    codes = [line.code for line in lines if line.code is not None]
    period = data.runs[-1].period
    return repository.newest_benchmarks(session, data.layer, codes, period, data.currency)
