"""Filling a review with measured, entered and allocated figures, their evidence beside them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.by_hand import entered_for, free_result
from services.valuation.benefits.reviews.domain import Expected, compare
from services.valuation.benefits.reviews.measuring import Measured, Stated, Window, measure
from services.valuation.benefits.reviews.retrospect import compare_costs, judge_decision
from services.valuation.benefits.reviews.stored import (
    store_cost,
    store_decision,
    store_result,
    store_run_cost,
)
from services.valuation.benefits.reviews.users import fill_users
from services.valuation.investments.cash_flows import repository as cash_flows
from services.valuation.investments.evaluations.flows import CashFlow
from services.valuation.investments.run_costs.domain import RunCost, join_run_cost
from services.valuation.investments.run_costs.workflow import ask_run_cost
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from shared.clock import utc_now
from shared.errors import Unavailable
from shared.money import add_exactly
from shared.periods import last_day, next_period, period_of
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview

BASELINE_MONTHS = 12  # how far before go-live a baseline is looked for when none was stated


def ask_and_lock(
    session: Session, review_id: UUID
) -> tuple[tuple[PostImplementationReview, Initiative], RunCost]:
    """A review locked to be filled, and what its solution costs.

    Allocation is asked first: nobody waits for a review's row while it answers. Unavailable when
    the initiative became another one meanwhile.
    """
    _, initiative = repository.get_review(session, review_id)
    asked_of = _asked_of(initiative)
    run_cost = ask_run_cost(initiative)
    session.expire_all()
    review, initiative = repository.get_review(session, review_id, lock=True)
    if _asked_of(initiative) != asked_of:
        raise Unavailable("the initiative is being changed", code="database_busy")
    return (review, initiative), run_cost


def _asked_of(initiative: Initiative) -> tuple[object, ...]:
    return initiative.solution, initiative.go_live_on, initiative.currency


def fill_review(
    session: Session, review: PostImplementationReview, initiative: Initiative, run_cost: RunCost
) -> None:
    """Write everything that is known now into a review.

    Months from go-live up to the review's due month count (up to now, if that is earlier).
    Unavailable when allocation does not answer and its cost was known: that is not forgotten.
    """
    fill_results(session, review, initiative)
    window = window_of(review, initiative)
    run_cost = _until(run_cost, window.last)
    if run_cost.code == "allocation_unreachable" and _knows_cost(review):
        raise Unavailable("allocation does not answer; what it said before stays")
    review.allocated_cost = store_run_cost(run_cost)
    _fill_money(session, review, initiative, run_cost, window)
    fill_users(session, review, initiative, window)
    session.add(review)


def _knows_cost(review: PostImplementationReview) -> bool:
    return review.allocated_cost is not None and review.allocated_cost["code"] == "allocated"


def fill_results(
    session: Session, review: PostImplementationReview, initiative: Initiative
) -> None:
    """Write the results: of every promise, then what was entered beside them."""
    window = window_of(review, initiative)
    expected = repository.list_expected(session, initiative.id)
    kpis = [kpi for _, kpi in expected if kpi is not None]
    readings = load_readings(
        session,
        close_over(session, kpis),
        next_period(window.first, -BASELINE_MONTHS),
        window.now,
    )
    money = _realised_money(session, initiative, expected, window)
    results: list[dict[str, Any]] = []
    for expectation, kpi in expected:
        measured = replace(money, target=expectation.monetary_value)
        if kpi is not None:
            stated = Stated(expectation.baseline, expectation.target, expectation.due_period)
            measured = measure(readings, kpi, stated, initiative, window)
        entered = None
        if measured.actual is None:
            entered = entered_for(review, expectation.id, measured)
        final = entered.measured if entered is not None else measured
        result = compare(_expected(expectation, kpi, final), final.actual, final.evidence)
        by_hand = (entered.id, entered.source) if entered is not None else None
        results.append(store_result(expectation.id, kpi, result, final.period, by_hand))
    results += [free_result(kept) for kept in review.manual_results if not kept["expectation"]]
    review.results = results
    review.filled_at = utc_now()
    session.add(review)


def window_of(review: PostImplementationReview, initiative: Initiative) -> Window:
    """The months that a review looks at."""
    now = period_of(utc_now().date())
    due = period_of(review.due_on)
    last = min(due, now)
    first = period_of(initiative.go_live_on) if initiative.go_live_on is not None else last
    return Window(min(first, last), last, max(now, last))


def _until(run_cost: RunCost, last: str) -> RunCost:
    if run_cost.code != "allocated":
        return run_cost
    runs = [cost for cost in run_cost.runs if cost.period <= last]
    return RunCost("allocated", runs) if runs else RunCost("no_published_run")


def _fill_money(
    session: Session,
    review: PostImplementationReview,
    initiative: Initiative,
    run_cost: RunCost,
    window: Window,
) -> None:
    plan, entered = (
        [
            CashFlow(amount, category, on=day)
            for day, category, amount in cash_flows.sum_by_day(session, initiative.id, basis)
        ]
        for basis in ("plan", "actual")
    )
    actual, _ = join_run_cost(entered, run_cost)
    until = last_day(window.last)
    review.cost = store_cost(initiative, window.last, compare_costs(plan, actual, until), run_cost)
    decision = judge_decision(plan, actual, until, review.discount_rate)
    review.decision = store_decision(initiative, decision, review.discount_rate)


def _expected(expectation: ValueExpectation, kpi: ValueKpi | None, measured: Measured) -> Expected:
    return Expected(
        kpi=kpi.code if kpi is not None else None,
        level=expectation.level,  # type: ignore[arg-type]
        direction=kpi.direction if kpi is not None else "up",  # type: ignore[arg-type]
        baseline=measured.baseline,
        target=measured.target,
        monetary_value=expectation.monetary_value,
        currency=expectation.currency,
        kind=expectation.benefit_kind,  # type: ignore[arg-type]
    )


def _realised_money(
    session: Session,
    initiative: Initiative,
    expected: Sequence[tuple[ValueExpectation, ValueKpi | None]],
    window: Window,
) -> Measured:
    """For a promise of money without a KPI: the actual benefits booked since go-live.

    Only if there is exactly one such promise; several could not be told apart.
    """
    promises = [expectation for expectation, kpi in expected if kpi is None]
    if len(promises) != 1:
        return Measured(None, None, Decimal(0), None, ())
    query = cash_flows.list_query(initiative.id, "actual", "benefit")
    flows = [
        flow
        for flow in cash_flows.list_in_order(session, query)
        if window.first <= period_of(flow.on) <= window.last
    ]
    actual = add_exactly(flow.amount for flow in flows) if flows else None
    address = f"/v1/initiatives/{initiative.id}/cash-flows?basis=actual&category=benefit"
    return Measured(
        actual=actual,
        period=window.last if flows else None,
        baseline=Decimal(0),
        target=None,
        evidence=(address,) if flows else (),
    )
