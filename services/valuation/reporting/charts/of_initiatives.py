"""Charts of initiatives: sensitivity, cash flows, reviews, value realised."""

from collections.abc import Iterable
from decimal import Decimal

from sqlmodel import Session

from services.valuation.benefits.reviews import repository as reviews
from services.valuation.benefits.reviews.answers import review_answer
from services.valuation.benefits.value_realisation.endpoints import get_value_realisation
from services.valuation.investments.cash_flows import repository as cash_flows
from services.valuation.investments.evaluations.endpoints import get_initiative_evaluation
from services.valuation.reporting.charts.asking import find_initiative, needed
from services.valuation.reporting.charts.drawings.attainment_panels import (
    Attained,
    Panel,
    attainment_panels,
)
from services.valuation.reporting.charts.drawings.cash_flow_chart import Course, cash_flow_chart
from services.valuation.reporting.charts.drawings.paired_bars import (
    Pair,
    realisation_bars,
    realisation_course,
)
from services.valuation.reporting.charts.drawings.tornado_chart import Moved, tornado_chart
from services.valuation.reporting.charts.figures import Language, percent_text
from services.valuation.reporting.charts.of_kpis import attained_words
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import WORDS, word
from shared.contracts.valuation.charts import ChartQuery
from shared.contracts.valuation.evaluations import InitiativeEvaluation, SwingAnswer
from shared.contracts.valuation.realisation import RealisationGroup, RealisationMonth
from shared.contracts.valuation.reviews import ReviewResult
from shared.contracts.values import name_in
from shared.money import plain
from shared.periods import period_of

LEVELS = ("function", "operation", "strategy")
CODED = {"kind", "kpi_class", "level"}
_LOOKS = {
    "exceeded": "good",
    "met": "good",
    "nearly_met": "near",
    "partly_met": "near",
    "not_met": "missed",
    "worse": "missed",
    "not_measured": "unknown",
}


def draw_tornado(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`tornado`: what the evaluation of an initiative hangs on."""
    initiative = find_initiative(session, query)
    answer = get_initiative_evaluation(
        initiative_id=initiative.id, session=session, language=language, basis=query.basis,
        discount_rate=query.discount_rate, convention=query.convention,
    )  # fmt: skip
    moved = [_moved(swing, language) for swing in answer.sensitivity]
    measure = answer.sensitivity[0].measure if answer.sensitivity else "npv"
    name = f"{name_in(initiative.names, language)} · {word(query.basis, language)}"
    return tornado_chart(moved, _base(answer), measure, answer.currency or "", language, name)


def _base(answer: InitiativeEvaluation) -> Decimal:
    """The result as it stands; a category moves it evenly to both sides."""
    npv = answer.figures.npv.value
    swings = answer.sensitivity
    if not swings or (swings[0].measure == "npv" and npv is not None):
        return npv or Decimal(0)
    evenly = next(swing for swing in swings if swing.assumption != "discount_rate")
    return (evenly.result_at_low + evenly.result_at_high) / 2


def _moved(swing: SwingAnswer, language: Language) -> Moved:
    ends = [_end(swing.assumption, value, language) for value in (swing.low, swing.high)]
    name = word(swing.assumption, language) if swing.assumption in WORDS else swing.assumption
    return Moved(name, ends[0], ends[1], swing.result_at_low, swing.result_at_high)


def _end(assumption: str, value: Decimal, language: Language) -> str:
    if assumption == "benefit_delay_months":
        return word("months", language, count=plain(value))
    return percent_text(value, 1 if assumption == "discount_rate" else 0)


def draw_cash_flows(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`cash-flows`: cumulative plan and actual, with the month of payback."""
    initiative = find_initiative(session, query)
    courses = [
        Course(
            basis,
            [
                (period_of(day), amount)
                for day, _, amount in cash_flows.sum_by_day(session, initiative.id, basis)
            ],
        )
        for basis in ("plan", "actual")
    ]
    name = name_in(initiative.names, language) or initiative.code
    return cash_flow_chart(courses, initiative.currency or "", language, name)


def draw_review(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`review`: attainment of each result, by level."""
    review, initiative = reviews.get_review(session, needed(query, "review"))
    answer = review_answer(session, review, initiative, language)
    panels = [
        Panel(
            word(level, language),
            [_result(each, language) for each in answer.results if each.level == level],
        )
        for level in LEVELS
    ]
    title = word("review", language, name=answer.initiative_name or answer.initiative)
    state = word(answer.state, language)
    subtitle = word("review_subtitle", language, due=answer.due_on, state=state)
    return attainment_panels(panels, title, subtitle, language)


def _result(each: ReviewResult, language: Language) -> Attained:
    name, look = each.name or each.kpi or "", _LOOKS[each.verdict]
    if each.actual is None:
        return Attained(name, None, word("not_measured", language), look)
    words = attained_words(each, each.actual, each.attainment, language)
    return Attained(name, each.attainment, words, look)


def draw_value_realisation(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`value-realisation`: expected and realised money by group, or up to each month."""
    answer = get_value_realisation(
        session=session, portfolio=query.portfolio, sponsor=query.sponsor,
        first=query.first, last=query.last,
    )  # fmt: skip
    rows: list[RealisationGroup] | list[RealisationMonth]
    rows = answer.over_time if query.by == "time" else getattr(answer, f"by_{query.by}")
    codes = sorted({row.currency for row in rows if row.currency})
    currency = query.currency or _widest(rows)
    shown = [row for row in rows if row.currency == currency]
    subtitle = word(f"by_{query.by}", language)
    others = [code for code in codes if code != currency]
    if others:
        subtitle += word("other_currencies", language, codes=", ".join(others))
    pairs = [_pair(each, query.by, language) for each in shown]
    if query.by == "time":
        return realisation_course(pairs, currency, language, subtitle)
    return realisation_bars(pairs, currency, language, subtitle)


def _pair(each: RealisationGroup | RealisationMonth, by: str, language: Language) -> Pair:
    if isinstance(each, RealisationMonth):
        return Pair(each.period, each.expected, each.realised, each.rate)
    name = each.group
    if name is None:
        name = word("not_stated", language)
    elif by in CODED and name in WORDS:
        name = word(name, language)
    return Pair(name, each.expected, each.realised, each.rate)


def _widest(rows: Iterable[RealisationGroup | RealisationMonth]) -> str:
    """The currency with the most rows; of equals the first by name."""
    counts: dict[str, int] = {}
    for row in rows:
        if row.currency:
            counts[row.currency] = counts.get(row.currency, 0) + 1
    return min(counts, key=lambda code: (-counts[code], code), default="")
