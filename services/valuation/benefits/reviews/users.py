"""What users make of it: how far outputs are used, and what users say of the solution."""

from typing import Any

from sqlmodel import Session

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.measuring import Measured, Stated, Window, measure
from services.valuation.benefits.reviews.stored import store_use
from services.valuation.measures.feedback.statistics import csat_figure, load_counted, nps_figure
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from shared.periods import next_period
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview

LOOK_BACK_MONTHS = 12


def fill_users(
    session: Session, review: PostImplementationReview, initiative: Initiative, window: Window
) -> None:
    """Write adoption and satisfaction into a review."""
    kpis = repository.list_use_kpis(session, initiative)
    review.adoption = [
        store_use(kpi, measured) for kpi, measured in _measure(session, kpis, initiative, window)
    ]
    review.satisfaction = _satisfaction(session, initiative, window)


def _measure(
    session: Session, kpis: list[ValueKpi], initiative: Initiative, window: Window
) -> list[tuple[ValueKpi, Measured]]:
    readings = load_readings(
        session,
        close_over(session, kpis),
        next_period(window.first, -LOOK_BACK_MONTHS),
        window.now,
    )
    return [(kpi, measure(readings, kpi, Stated(), initiative, window)) for kpi in kpis]


def _satisfaction(
    session: Session, initiative: Initiative, window: Window
) -> dict[str, Any] | None:
    """Recommendation and satisfaction in the months looked at; None without a solution."""
    if initiative.solution is None:
        return None
    counted = load_counted(session, {"solution": initiative.solution}, window.first, window.last)
    answered = [each.answered for each in counted]
    return {
        "solution": initiative.solution,
        "from": window.first,
        "to": window.last,
        "nps": nps_figure(answered).model_dump(mode="json"),
        "csat": csat_figure(answered).model_dump(mode="json"),
    }
