"""How a balanced scorecard scores: KPIs by how far their targets are reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from services.valuation.measures.value_kpis.domain import (
    Attainment,
    Direction,
    Verdict,
    draw_trend,
    is_as_good,
    judge,
    measure_attainment,
    round_fraction,
)

Status = Literal["green", "amber", "red"]
Tendency = Literal["improving", "worsening", "flat"]
BEST_SCORE = Decimal("1.2")
GREEN_FROM, AMBER_FROM = Decimal(1), Decimal("0.5")
PERSPECTIVES = ("financial", "customer", "process", "learning")
RULE = {
    "en": (
        "A KPI scores its attainment, bounded to 0 and 1.2; without a baseline, or with a target"
        " that equals it, 1 when the target is reached, else 0. A perspective scores the mean of"
        " its KPIs by their weights, the card the mean of its perspectives. Green from 1, amber"
        " from 0.5, else red. KPIs without value or target do not count."
    ),
    "zh-CN": (
        "指标得分为达成度，限于0至1.2之间；没有基线或目标等于基线时，达到目标为1，否则为0。"
        "维度得分为其指标按权重的平均，总分为各维度的平均。1及以上为绿，0.5及以上为黄，其余为红。"
        "没有数值或目标的指标不计。"
    ),
}
PERSPECTIVE_NAMES = {
    "financial": {"en": "Financial", "zh-CN": "财务"},
    "customer": {"en": "Customer", "zh-CN": "客户"},
    "process": {"en": "Internal processes", "zh-CN": "内部流程"},
    "learning": {"en": "Learning and growth", "zh-CN": "学习与成长"},
}


@dataclass(frozen=True)
class Judged:
    """A KPI's value held against its target."""

    attainment: Attainment
    verdict: Verdict
    score: Decimal | None
    status: Status | None


def judge_value(
    baseline: Decimal | None, target: Decimal | None, value: Decimal | None, direction: Direction
) -> Judged:
    """Attainment, verdict, score and colour of one value, by `RULE`."""
    attainment = measure_attainment(baseline, target, value)
    verdict = judge(attainment, target, value, direction)
    if value is None or target is None:
        return Judged(attainment, verdict, None, None)
    if attainment.share is None:
        score = Decimal(1 if is_as_good(value, target, direction) else 0)
    else:
        score = min(max(attainment.share, Decimal(0)), BEST_SCORE)
    return Judged(attainment, verdict, score, status_of(score))


def status_of(score: Decimal | None) -> Status | None:
    """The colour of a score."""
    if score is None:
        return None
    if score >= GREEN_FROM:
        return "green"
    return "amber" if score >= AMBER_FROM else "red"


def weighted_mean(scores: Sequence[tuple[Decimal | None, Decimal]]) -> Decimal | None:
    """The mean of (score, weight) by weight; what has no score is left out."""
    known = [(Fraction(score), Fraction(weight)) for score, weight in scores if score is not None]
    whole = sum((weight for _, weight in known), Fraction(0))
    if not whole:
        return None
    return round_fraction(sum((score * weight for score, weight in known), Fraction(0)) / whole)


def tendency_of(values: Sequence[Decimal | None], direction: Direction) -> Tendency | None:
    """Whether the least-squares line goes the good way; None under three values."""
    line = [point for point in draw_trend(values) if point is not None]
    if not line:
        return None
    rise = line[-1] - line[0]
    if not rise:
        return "flat"
    return "improving" if (rise > 0) == (direction == "up") else "worsening"
