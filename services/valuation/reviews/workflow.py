"""Making reviews when something goes live, and filling them with measured and allocated figures."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlmodel import Session

from services.valuation.cash_flows import repository as cash_flows
from services.valuation.reviews import repository
from services.valuation.reviews.domain import Expected, add_months, compare
from services.valuation.reviews.measuring import Measured, Window, measure
from services.valuation.reviews.stored import store_result, store_run_cost
from services.valuation.run_costs.domain import RunCost
from services.valuation.run_costs.workflow import ask_run_cost
from services.valuation.value_kpis.workflow import close_over, load_readings
from shared.clock import utc_now
from shared.periods import next_period, period_of
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview

BASELINE_MONTHS = 12  # how far before go-live a baseline is looked for when none was stated


def schedule_reviews(session: Session, initiatives: Sequence[Initiative]) -> None:
    """Each initiative with a day of going live has one review for each of its offsets.

    Reviews not yet started move with that day, and fall away with it or with their offset;
    started ones stay. Doing it again changes nothing.
    """
    present = repository.find_of_initiatives(session, [each.id for each in initiatives])
    for initiative in initiatives:
        reviews = {
            review.offset_months: review
            for review in present.get(initiative.id, [])
            if review.offset_months is not None
        }
        wanted = _wanted(initiative)
        for offset, due_on in wanted.items():
            _schedule(session, initiative, reviews.get(offset), offset, due_on)
        for offset, review in reviews.items():
            if offset not in wanted and review.state == "scheduled":
                repository.delete_review(session, review)


def _wanted(initiative: Initiative) -> dict[int, date]:
    if initiative.go_live_on is None or initiative.stage == "rejected":
        return {}
    day = initiative.go_live_on
    return {offset: add_months(day, offset) for offset in initiative.review_offsets}


def _schedule(
    session: Session,
    initiative: Initiative,
    review: PostImplementationReview | None,
    offset: int,
    due_on: date,
) -> None:
    if review is None:
        session.add(new_review(initiative, due_on, offset_months=offset))
    elif review.state == "scheduled" and review.due_on != due_on:
        review.due_on = due_on
        review.version += 1
        review.updated_at = utc_now()
        session.add(review)


def new_review(
    initiative: Initiative,
    due_on: date,
    *,
    offset_months: int | None = None,
    owner: str | None = None,
) -> PostImplementationReview:
    """A scheduled review; its owner is the sponsor unless somebody else is named."""
    now = utc_now()
    return PostImplementationReview(
        initiative_id=initiative.id,
        due_on=due_on,
        offset_months=offset_months,
        state="scheduled",
        owner=owner or initiative.sponsor,
        created_at=now,
        updated_at=now,
    )


def fill_review(session: Session, review: PostImplementationReview, initiative: Initiative) -> None:
    """Write results and allocated cost into a review, from what is known now.

    Months from go-live up to the review's due month count (up to now, if that is earlier).
    """
    window = _window(review, initiative)
    expected = repository.list_expected(session, initiative.id)
    kpis = [kpi for _, kpi in expected if kpi is not None]
    readings = load_readings(
        session,
        close_over(session, kpis),
        next_period(window.first, -BASELINE_MONTHS),
        window.now,
    )
    money = _realised_money(session, initiative, expected, window)
    results = []
    for expectation, kpi in expected:
        measured = (
            measure(readings, kpi, expectation, initiative, window) if kpi is not None else money
        )
        promise = _expected(expectation, kpi, measured)
        result = compare(promise, measured.actual, measured.evidence)
        results.append(store_result(expectation.id, kpi, result, measured.period))
    review.results = results
    review.allocated_cost = store_run_cost(_until(ask_run_cost(initiative), window.last))
    review.filled_at = utc_now()
    session.add(review)


def _window(review: PostImplementationReview, initiative: Initiative) -> Window:
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
    actual = sum((flow.amount for flow in flows), Decimal(0)) if flows else None
    address = f"/v1/initiatives/{initiative.id}/cash-flows?basis=actual&category=benefit"
    return Measured(
        actual=actual,
        period=window.last if flows else None,
        baseline=Decimal(0),
        target=promises[0].monetary_value,
        evidence=(address,) if flows else (),
    )
