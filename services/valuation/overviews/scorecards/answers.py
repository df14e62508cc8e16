"""A scorecard as callers see it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from services.valuation.measures.value_kpis.domain import Direction
from services.valuation.overviews.asked_months import AskedMonths
from services.valuation.overviews.scorecards.domain import (
    PERSPECTIVE_NAMES,
    PERSPECTIVES,
    RULE,
    judge_value,
    status_of,
    tendency_of,
    weighted_mean,
)
from services.valuation.overviews.scorecards.workflow import CardFacts, Cost, Unit, window_of
from shared.contracts.valuation.kpis import Perspective
from shared.contracts.valuation.scorecards import (
    CardCost,
    CardKpi,
    CardPerspective,
    CardPoint,
    Scorecard,
)
from shared.contracts.values import name_in
from shared.http.links import beside, href

IT_NAME = {"en": "IT", "zh-CN": "信息技术"}


def card_answer(
    asked: AskedMonths,
    unit: Unit | None,
    facts: Sequence[CardFacts],
    cost: Cost,
    language: str,
) -> Scorecard:
    """The four perspectives in their order, and what has none."""
    perspectives = [_perspective(cast(Perspective, each), facts, language) for each in PERSPECTIVES]
    score = weighted_mean([(each.score, Decimal(1)) for each in perspectives])
    months = window_of(asked)
    return Scorecard(
        period=asked.period,
        first=months[0],
        last=months[-1],
        scope="it" if unit is None else "consumer",
        consumer=unit.code if unit else None,
        name=unit.name if unit else IT_NAME[language],
        score=score,
        status=status_of(score),
        cost=_cost(cost, unit),
        perspectives=perspectives,
        without_perspective=[_kpi(each, language) for each in facts if not each.kpi.perspective],
        rule=RULE[language],
    )


def _perspective(
    perspective: Perspective, facts: Sequence[CardFacts], language: str
) -> CardPerspective:
    kpis = [_kpi(each, language) for each in facts if each.kpi.perspective == perspective]
    score = weighted_mean([(each.score, each.weight) for each in kpis])
    return CardPerspective(
        perspective=perspective,
        name=PERSPECTIVE_NAMES[perspective][language],
        score=score,
        status=status_of(score),
        scored=sum(each.score is not None for each in kpis),
        kpis=kpis,
    )


def _kpi(facts: CardFacts, language: str) -> CardKpi:
    kpi, newest = facts.kpi, facts.newest
    direction = cast(Direction, kpi.direction)
    value = facts.values[newest] if newest else None
    targets = {each["period"]: Decimal(each["value"]) for each in kpi.targets}
    target = targets.get(newest or next(reversed(facts.values)), kpi.target)
    judged = judge_value(kpi.baseline, target, value, direction)
    return CardKpi(
        id=kpi.id,
        kpi=kpi.code,
        name=name_in(kpi.names, language),
        kpi_class=kpi.kpi_class,
        unit=kpi.unit,
        direction=direction,
        owner=kpi.owner,
        weight=kpi.weight,
        baseline=kpi.baseline,
        target=target,
        value=value,
        measured_in=newest,
        reason=facts.reason,
        attainment=judged.attainment.share,
        attainment_reason=judged.attainment.reason,
        verdict=judged.verdict,
        status=judged.status,
        score=judged.score,
        trend=[
            CardPoint(period=month, value=seen)
            for month, seen in facts.values.items()
            if seen is not None
        ],
        tendency=tendency_of(list(facts.values.values()), direction),
        linked_by=facts.linked_by,
        href=href(f"/v1/value-kpis/{kpi.id}/series"),
    )


def _cost(cost: Cost, unit: Unit | None) -> CardCost:
    line = cost.line or {}
    address = None
    if cost.runs and len(cost.runs) == 1:
        asked = {"run": cost.runs[0]} | ({"under": unit.code} if unit else {})
        address = beside("allocation", f"/v1/views/consumers?{urlencode(asked)}")
    return CardCost(
        amount=cost.amount,
        share=cost.share,
        currency=cost.currency,
        unit=line.get("unit"),
        quantity=_decimal(line.get("quantity")),
        unit_cost=_decimal(line.get("unit_cost")),
        runs=[UUID(run) for run in cost.runs],
        reason=cost.reason,
        href=address,
    )


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
