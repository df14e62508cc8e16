"""Gathers feedback by solution, consumer or month, with a trend of months."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from services.valuation.measures.feedback import repository
from services.valuation.measures.feedback.domain import (
    FEW_ANSWERS,
    Answered,
    Csat,
    Nps,
    measure_csat,
    measure_nps,
)
from shared.contracts.valuation.feedback import (
    CsatFigure,
    FeedbackPoint,
    FeedbackStatistic,
    NpsFigure,
)

By = Literal["solution", "consumer", "period"]


@dataclass(frozen=True)
class Counted:
    """So many equal answers, and what they are about."""

    solution: str
    consumer: str | None
    period: str
    answered: Answered


def load_counted(
    session: Session, equal: Mapping[str, str | None], first: str | None, last: str | None
) -> list[Counted]:
    """What the filters leave, equal answers added up."""
    rows = repository.count_answers(session, dict(equal), first, last)
    return [
        Counted(solution, consumer, period, Answered(kind, scale, score, int(answers)))
        for solution, consumer, period, kind, scale, score, answers in rows
    ]


def gather_by(counted: Sequence[Counted], by: By) -> list[FeedbackStatistic]:
    """One statistic for each solution, consumer or month, in order; without consumer last."""
    groups: dict[str | None, list[Counted]] = {}
    for each in counted:
        groups.setdefault(getattr(each, by), []).append(each)
    ordered = sorted(groups, key=lambda key: (key is None, key or ""))
    return [statistic(key, groups[key]) for key in ordered]


def statistic(key: str | None, counted: Sequence[Counted]) -> FeedbackStatistic:
    """The figures of some answers and how they went by month."""
    months: dict[str, list[Answered]] = {}
    for each in counted:
        months.setdefault(each.period, []).append(each.answered)
    answered = [each.answered for each in counted]
    return FeedbackStatistic(
        key=key,
        nps=nps_figure(answered),
        csat=csat_figure(answered),
        trend=[_point(period, months[period]) for period in sorted(months)],
    )


def _point(period: str, answered: Sequence[Answered]) -> FeedbackPoint:
    nps, csat = measure_nps(answered), measure_csat(answered)
    return FeedbackPoint(period=period, nps=nps.score, nps_n=nps.n, csat=csat.mean, csat_n=csat.n)


def nps_figure(answered: Iterable[Answered]) -> NpsFigure:
    """Recommendation as callers see it."""
    found: Nps = measure_nps(answered)
    return NpsFigure(
        nps=found.score,
        n=found.n,
        promoters=found.promoters,
        passives=found.passives,
        detractors=found.detractors,
        promoter_share=found.share(found.promoters),
        detractor_share=found.share(found.detractors),
        few_answers=found.n < FEW_ANSWERS,
        reason=None if found.n else "no_answers",
    )


def csat_figure(answered: Iterable[Answered]) -> CsatFigure:
    """Satisfaction as callers see it."""
    found: Csat = measure_csat(answered)
    return CsatFigure(
        mean=found.mean,
        mean_of_five=found.mean_of_five,
        n=found.n,
        satisfied=found.satisfied,
        satisfied_share=found.satisfied_share,
        few_answers=found.n < FEW_ANSWERS,
        reason=None if found.n else "no_answers",
    )
