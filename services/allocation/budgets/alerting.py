"""Holds published runs against budgets: raises, refreshes and resolves alerts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import numpy as np
from sqlmodel import Session

from services.allocation.budgets import repository
from services.allocation.budgets.domain import (
    OPEN,
    RESOLVED,
    share_of_budget,
    state_after,
    thresholds_passed,
)
from services.allocation.runs.repository import lock_publishing
from services.allocation.views.figures import LayerFigures, subtree_sums
from services.allocation.views.loading import layer_of
from shared.clock import utc_now
from shared.events import outbox
from shared.money import from_units, plain
from shared.tables.allocation.planning import Budget, BudgetAlert
from shared.tables.allocation.runs import AllocationRun

SERVICE = "allocation"
Amounts = Mapping[tuple[str, str | None], Decimal]
"""What objects, with all below them, cost: by code and cost type (None: both)."""


def hold_against_budgets(session: Session, run: AllocationRun) -> None:
    """Compare a run that was just published with the budgets of its period, in its currency."""
    if run.scenario == "actual":
        budgets = repository.budgets_of_period(session, run.period, run.currency)
        _compare(session, run, budgets)


def hold_changed_budgets(session: Session, budgets: Sequence[Budget]) -> None:
    """Compare budgets that have just changed with the published runs of their periods."""
    session.flush()
    for period in sorted({budget.period for budget in budgets}):
        lock_publishing(session, period)
    by_period: dict[tuple[str, str], list[Budget]] = defaultdict(list)
    for budget in budgets:
        by_period[(budget.period, budget.currency)].append(budget)
    for run in repository.published_runs(session, {budget.period for budget in budgets}):
        _compare(session, run, by_period.get((run.period, run.currency), []))


def _compare(session: Session, run: AllocationRun, budgets: Sequence[Budget]) -> None:
    if not budgets:
        return
    known: dict[UUID, dict[Decimal, BudgetAlert]] = defaultdict(dict)
    for alert in repository.alerts_of(session, [budget.id for budget in budgets]):
        known[alert.budget_id][alert.threshold] = alert
    by_layer: dict[tuple[str, bool], list[Budget]] = defaultdict(list)
    for budget in budgets:
        by_layer[(budget.layer, budget.cost_type is not None)].append(budget)
    for (layer, by_cost_type), some in by_layer.items():
        figures = layer_of(session, run, "cost", layer, by_cost_type=by_cost_type)
        amounts = _amounts(figures)
        for budget in some:
            amount = amounts.get((budget.object, budget.cost_type), Decimal(0))
            _settle(session, run, budget, amount, known[budget.id])


def _amounts(figures: LayerFigures) -> Amounts:
    """The amounts of all subtrees of a layer; by cost type where the figures have them."""
    found: dict[tuple[str, str | None], Decimal] = {}
    kinds = figures.kinds or [None] * len(figures.at)
    for kind in dict.fromkeys(kinds):
        units = np.zeros(len(figures), dtype=np.int64)
        rows = np.array([one == kind for one in kinds], dtype=np.bool_)
        np.add.at(units, figures.at[rows], figures.units[rows])
        sums = subtree_sums(figures, units)
        found |= {
            (code, kind): from_units(total, figures.precision)
            for code, total in zip(figures.codes, sums, strict=True)
            if total
        }
    return found


def _settle(
    session: Session,
    run: AllocationRun,
    budget: Budget,
    amount: Decimal,
    alerts: Mapping[Decimal, BudgetAlert],
) -> None:
    """Bring the alerts of one budget into line with an amount; new ones are told of."""
    passed = thresholds_passed(amount, budget.amount, budget.thresholds)
    for threshold, alert in alerts.items():
        _refresh(session, run, budget, amount, alert, is_beyond=threshold in passed)
    for threshold in passed:
        if threshold not in alerts:
            _raise(session, run, budget, amount, threshold)


def _raise(
    session: Session, run: AllocationRun, budget: Budget, amount: Decimal, threshold: Decimal
) -> None:
    alert = BudgetAlert(
        budget_id=budget.id,
        threshold=threshold,
        layer=budget.layer,
        object=budget.object,
        period=budget.period,
        currency=budget.currency,
        cost_type=budget.cost_type,
        run_id=run.id,
        amount=amount,
        budget_amount=budget.amount,
        raised_at=utc_now(),
    )
    session.add(alert)
    _tell(session, alert)


def _refresh(
    session: Session,
    run: AllocationRun,
    budget: Budget,
    amount: Decimal,
    alert: BudgetAlert,
    *,
    is_beyond: bool,
) -> None:
    before, after = alert.state, state_after(alert.state, is_beyond=is_beyond)
    same_figures = (alert.amount, alert.budget_amount) == (amount, budget.amount)
    if after == before and (after == RESOLVED or (same_figures and alert.run_id == run.id)):
        return
    alert.state, alert.run_id = after, run.id
    alert.amount, alert.budget_amount = amount, budget.amount
    alert.resolved_at = utc_now() if after == RESOLVED else None
    is_new = before == RESOLVED and after == OPEN
    if is_new:
        alert.raised_at = utc_now()
        alert.acknowledged_at = alert.acknowledged_by = alert.note = None
    alert.version += 1
    session.add(alert)
    if is_new:
        _tell(session, alert)


def _tell(session: Session, alert: BudgetAlert) -> None:
    share = share_of_budget(alert.amount, alert.budget_amount)
    payload = {
        "alert": str(alert.id),
        "budget": str(alert.budget_id),
        "layer": alert.layer,
        "object": alert.object,
        "cost_type": alert.cost_type,
        "period": alert.period,
        "currency": alert.currency,
        "threshold": plain(alert.threshold),
        "amount": plain(alert.amount),
        "budget_amount": plain(alert.budget_amount),
        "share": None if share is None else plain(share),
        "run": str(alert.run_id),
    }
    outbox.publish(session, SERVICE, "budget.exceeded", str(alert.id), payload)
