"""Which months, or which run, a view of value is asked for."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from shared.clients.allocation.value_views import AllocationViews, WholeView
from shared.contracts.valuation.reports import Scenario
from shared.contracts.values import Period
from shared.errors import Conflict, RuleBroken
from shared.periods import months_between, period_range

LONGEST_STRETCH = 60
"""Months that one answer may cover, as in allocation's views."""


@dataclass(frozen=True)
class AskedMonths:
    """One month or a stretch of them, of a scenario; a run stands for its month."""

    first: str
    last: str
    scenario: str
    run: UUID | None

    @property
    def months(self) -> list[str]:
        """Every month, both ends included."""
        return list(period_range(self.first, self.last))

    @property
    def period(self) -> str | None:
        """The month, if it is a single one."""
        return self.first if self.first == self.last else None

    @property
    def query(self) -> dict[str, Any]:
        """What allocation's views are asked."""
        if self.run is not None:
            return {"run": str(self.run)}
        if self.first == self.last:
            return {"period": self.first, "scenario": self.scenario}
        return {"from": self.first, "to": self.last, "scenario": self.scenario}


async def _asked_months(
    period: Annotated[Period | None, Query(description="One month", examples=["2026-01"])] = None,
    first: Annotated[Period | None, Query(alias="from", description="First month")] = None,
    last: Annotated[Period | None, Query(alias="to", description="Last month")] = None,
    scenario: Annotated[Scenario, Query(description="Whose published runs")] = "actual",
    run: Annotated[
        UUID | None, Query(description="A run of `period` instead of the published one")
    ] = None,
) -> AskedMonths:
    if period is not None and first is None and last is None:
        return AskedMonths(period, period, scenario, run)
    if period is not None or first is None or last is None:
        raise _bad_stretch("give `period`, or `from` and `to`")
    if not 0 <= months_between(first, last) < LONGEST_STRETCH:
        raise _bad_stretch(f"`from` lies before `to`, at most {LONGEST_STRETCH} months apart")
    if run is not None:
        raise _bad_stretch("a run has one period; give `period` with it")
    return AskedMonths(first, last, scenario, run)


AskedMonthsDep = Annotated[AskedMonths, Depends(_asked_months)]


def _bad_stretch(message: str) -> RuleBroken:
    return RuleBroken.at("query:/from", "bad_stretch", message)


def read_costs(
    client: AllocationViews, asked: AskedMonths, view: str, **query: Any
) -> tuple[WholeView, str]:
    """A view of cost over the asked months, and its currency.

    409 `no_published_run` when none of the months has one, `run_of_another_period` when the
    named run is of another month, `run_not_finished` when it has no figures.
    """
    if asked.run is not None:
        run = client.get_run(str(asked.run))
        if run["period"] != asked.first:
            raise Conflict(f"run {run['id']} is of {run['period']}", code="run_of_another_period")
        if run["status"] != "succeeded":
            raise Conflict(f"run {run['id']} is {run['status']}", code="run_not_finished")
    found = client.read_view(view, **asked.query, **query)
    if found.currency is None:
        whole = asked.first if asked.period else f"{asked.first} to {asked.last}"
        raise Conflict(f"no {asked.scenario} run of {whole} is published", code="no_published_run")
    return found, found.currency
