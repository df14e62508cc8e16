"""The value chain as callers see it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.valuation.overviews.asked_months import AskedMonths
from services.valuation.overviews.value_chain.domain import StageFigures, per_cost, settle_shares
from services.valuation.overviews.value_chain.revenue import Told
from services.valuation.overviews.value_chain.wording import (
    PART_LABELS,
    RULE,
    UNASSIGNED,
    stage_sentence,
)
from services.valuation.overviews.value_chain.workflow import Chain
from shared.contracts.valuation.value_chain import (
    ChainKpi,
    ChainSolution,
    ChainStage,
    Unassigned,
    UnassignedPart,
    ValueChain,
)
from shared.contracts.values import name_in
from shared.http.links import beside, href
from shared.money import EXACT, add_exactly
from shared.tables.valuation.value_chain import ValueChainStage


def chain_answer(
    chain: Chain,
    stages: Sequence[ValueChainStage],
    asked: AskedMonths,
    language: str,
    listed: int,
) -> ValueChain:
    """The whole answer; of each stage the `listed` costliest solutions are named."""
    rows = {row.code: row for row in stages}
    codes = [*rows, *sorted(code for code in _known_stages(chain) if code not in rows)]
    items = [_stage(chain, code, rows.get(code), language, listed) for code in codes]
    unassigned = _unassigned(chain, language, listed)
    total_value = None
    if chain.revenue.values:
        total_value = add_exactly(chain.revenue.values.values())
    return ValueChain(
        period=asked.period,
        periods=list(chain.costs.view.periods),
        scenario=asked.scenario,
        runs=[UUID(run) for run in chain.costs.view.runs],
        currency=chain.costs.currency,
        total=chain.costs.total,
        total_value=total_value,
        value_unit=chain.revenue.unit,
        value_reason=chain.revenue.reason,
        items=items,
        unassigned=unassigned,
        sentences=[item.sentence for item in items if item.cost or item.value is not None],
        rule=RULE[language],
    )


def _known_stages(chain: Chain) -> set[str]:
    told = {each.stage for each in chain.revenue.told}
    of_solutions = {chain.costs.stage_of.get(each.code) for each in chain.costs.solutions}
    return {stage for stage in {*chain.figures, *told, *of_solutions} if stage is not None}


def _stage(
    chain: Chain, code: str, row: ValueChainStage | None, language: str, listed: int
) -> ChainStage:
    figures = chain.figures.get(code) or StageFigures.nothing(code, chain.figures[None])
    name = name_in(row.names, language) if row else code
    return ChainStage(
        code=code,
        name=name,
        position=row.position if row else None,
        **_figures(chain, figures, name, language, listed),
    )


def _unassigned(chain: Chain, language: str, listed: int) -> Unassigned:
    figures = chain.figures[None]
    shares: Mapping[str, Decimal] = {}
    if figures.cost_share is not None:
        shares = _parts_of_share(chain.costs.parts, chain.costs.total)
    parts = [
        UnassignedPart.model_validate(
            {
                "kind": kind,
                "label": PART_LABELS[kind][language],
                "amount": amount,
                "share": shares.get(kind),
            }
        )
        for kind, amount in chain.costs.parts.items()
    ]
    return Unassigned(
        parts=parts, **_figures(chain, figures, UNASSIGNED[language], language, listed)
    )


def _parts_of_share(parts: Mapping[str, Decimal], total: Decimal) -> Mapping[str, Decimal]:
    """Each part's share of all cost; settled together with what the stages cost."""
    staged = EXACT.subtract(total, add_exactly(parts.values()))
    return settle_shares({**parts, "": staged})


def _figures(
    chain: Chain, figures: StageFigures, name: str, language: str, listed: int
) -> dict[str, Any]:
    told = chain.revenue.of(figures.stage)
    ratio, reason = per_cost(figures, same_unit=chain.revenue.unit in {None, chain.costs.currency})
    solutions = sorted(
        (
            each
            for each in chain.costs.solutions
            if chain.costs.stage_of.get(each.code) == figures.stage
        ),
        key=lambda each: (-each.amount, each.code),
    )
    return {
        "cost": figures.cost,
        "cost_share": figures.cost_share,
        "value": figures.value,
        "value_share": figures.value_share,
        "value_reason": _value_reason(chain, figures, told),
        "value_per_cost": ratio,
        "value_per_cost_reason": reason,
        "kpis": [_kpi(each) for each in told],
        "solutions": [
            ChainSolution(
                code=each.code,
                name=each.name,
                amount=each.amount,
                href=_view_address(chain, each.code),
            )
            for each in solutions[:listed]
        ],
        "solutions_rest": add_exactly([each.amount for each in solutions[listed:]]),
        "sentence": stage_sentence(name, figures, language),
    }


def _value_reason(chain: Chain, figures: StageFigures, told: Sequence[Told]) -> str | None:
    if figures.value is not None:
        return None
    if chain.revenue.reason == "mixed_units":
        return "mixed_units"
    return "no_value" if told else "no_revenue_kpi"


def _kpi(told: Told) -> ChainKpi:
    return ChainKpi(
        kpi=told.kpi.code,
        name=told.kpi.name,
        unit=told.kpi.unit,
        value=told.value,
        counted=told.counted,
        reason=told.reason,
        linked_by=told.linked_by,
        months=list(told.months),
        missing=list(told.missing),
        href=href(f"/v1/value-kpis/{told.kpi.id}"),
    )


def _view_address(chain: Chain, code: str) -> str:
    """Where allocation shows a solution's cost in the same runs."""
    view = chain.costs.view
    asked = (
        {"run": view.runs[0]}
        if len(view.runs) == 1
        else {"from": view.periods[0], "to": view.periods[-1]}
    )
    return beside("allocation", f"/v1/views/solutions?{urlencode({**asked, 'code': code})}")
