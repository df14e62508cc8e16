"""The view of solutions as callers see it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, cast
from urllib.parse import urlencode
from uuid import UUID

from services.valuation.measures.feedback.statistics import csat_figure, nps_figure
from services.valuation.overviews.asked_months import AskedMonths
from services.valuation.overviews.views.domain import (
    KpiSeen,
    Middles,
    Worth,
    add_worth,
    best_use,
    judge_use,
    middles_of,
    quadrant_of,
    ratio,
    worth_in,
)
from services.valuation.overviews.views.wording import use_sentence
from services.valuation.overviews.views.workflow import SolutionFacts
from shared.clients.allocation.value_views import WholeView
from shared.contracts.valuation.views import (
    SolutionKpi,
    SolutionMonth,
    SolutionUse,
    SolutionValueItem,
    SolutionValueView,
    SolutionWorth,
)
from shared.http.links import beside
from shared.money import EXACT

Role = Literal["revenue", "saving", "use"] | None


class Presenter:
    """Makes the items of one answer: what all solutions share is worked out once."""

    def __init__(
        self,
        view: WholeView,
        currency: str,
        asked: AskedMonths,
        facts: Sequence[SolutionFacts],
        language: str,
    ) -> None:
        self._view, self._currency, self._asked = view, currency, asked
        self._language, self._facts = language, facts
        self._worths = {each.code: add_worth(each.kpis) for each in facts}
        self._shown = Decimal(0)
        for each in facts:
            self._shown = EXACT.add(self._shown, each.cost)
        self._middles: Middles = middles_of(
            [each.cost for each in facts],
            [worth_in(self._worths[each.code], currency) for each in facts],
        )

    def items(self) -> list[SolutionValueItem]:
        """Every solution, in the order given."""
        return [self._item(each) for each in self._facts]

    def whole(self, items: list[SolutionValueItem], cursor: str | None) -> SolutionValueView:
        """The answer with some of its items."""
        view, single = self._view, self._asked.period is not None
        runs = [UUID(run) for run in view.runs]
        return SolutionValueView(
            period=self._asked.period,
            run=runs[0] if single and runs else None,
            periods=list(view.periods),
            runs=runs,
            scenario=self._asked.scenario,
            currency=self._currency,
            total=view.totals["input"],
            shown=self._shown,
            value=_worths(add_worth(kpi for each in self._facts for kpi in each.kpis)),
            items=items,
            next_cursor=cursor,
        )

    def _item(self, each: SolutionFacts) -> SolutionValueItem:
        cost, line, worths = each.cost, each.line, self._worths[each.code]
        worth = worth_in(worths, self._currency)
        use = best_use(each.kpis)
        verdict = judge_use(cost, use, self._middles)
        return SolutionValueItem(
            key=line["key"],
            code=each.code,
            name=line["name"],
            amount=cost,
            share=ratio(cost, self._shown),
            unit=line["unit"],
            quantity=_decimal(line["quantity"]),
            unit_cost=_decimal(line["unit_cost"]),
            value_chain_stage=each.stage,
            kpis=[self._kpi(kpi, cost) for kpi in each.kpis],
            value=_worths(worths),
            value_per_cost=ratio(worth, cost),
            use=_use(use),
            nps=nps_figure(each.answered),
            csat=csat_figure(each.answered),
            initiatives=list(each.initiatives),
            underused=None if verdict == "no_use_kpi" else verdict == "underused",
            underused_reason=use_sentence(
                use, verdict, cost, self._middles.cost, self._currency, self._language
            ),
            quadrant=quadrant_of(cost, worth, self._middles),
            trend=[
                SolutionMonth(period=point["period"], amount=Decimal(point["amount"]))
                for point in line["trend"]
            ],
            href=self._address(each.code),
        )

    def _kpi(self, kpi: KpiSeen, cost: Decimal) -> SolutionKpi:
        same = kpi.unit == self._currency and kpi.measured_in == self._asked.period
        return SolutionKpi(
            kpi=kpi.code,
            name=kpi.name,
            value_role=cast(Role, kpi.role),
            unit=kpi.unit,
            value=kpi.value,
            period=kpi.measured_in,
            target=kpi.target,
            attainment=kpi.attainment,
            value_per_cost=ratio(kpi.worth, cost) if same else None,
        )

    def _address(self, code: str) -> str:
        """Where allocation shows the cost of the same solution in the same runs."""
        query: dict[str, Any] = {**self._asked.query, "code": code}
        return beside("allocation", f"/v1/views/solutions?{urlencode(query)}")


def _worths(worths: Sequence[Worth]) -> list[SolutionWorth]:
    return [
        SolutionWorth(unit=each.unit, amount=each.amount, kpis=list(each.kpis)) for each in worths
    ]


def _use(use: KpiSeen | None) -> SolutionUse | None:
    if use is None:
        return None
    return SolutionUse(
        kpi=use.code,
        unit=use.unit,
        value=use.value,
        target=use.target,
        attainment=use.attainment,
    )


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
