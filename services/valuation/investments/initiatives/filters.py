"""Which initiatives a list is about: equal fields, tags, and what is doubtful about them."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from shared.contracts.days import Day
from shared.contracts.valuation.initiatives import Stage
from shared.contracts.values import Currency
from shared.http.query_parameters import read_open_filters

CodeQuery = Annotated[str | None, Query(max_length=200)]
DayQuery = Annotated[Day | None, Query()]


@dataclass(frozen=True)
class InitiativeFilter:
    """What a caller asks for; None asks for nothing."""

    code: str | None
    stage: str | None
    solution: str | None
    sponsor: str | None
    value_chain_stage: str | None
    kind: str | None
    currency: str | None
    historic: bool | None
    started_on: date | None
    planned_go_live_on: date | None
    go_live_on: date | None
    closed_on: date | None
    conflict: bool | None
    finding: str | None
    over_budget: bool | None
    tags: tuple[tuple[str, str], ...]

    def equal_fields(self) -> dict[str, Any]:
        """The fields of an initiative that must have these values."""
        special = {"conflict", "finding", "over_budget", "tags"}
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value
            for name, value in given.items()
            if name not in special and value is not None
        }

    def bound(self) -> dict[str, object]:
        """What a cursor of the list is bound to."""
        return {field.name: getattr(self, field.name) or None for field in fields(self)} | {
            "conflict": self.conflict,
            "historic": self.historic,
            "over_budget": self.over_budget,
        }


async def _filter(
    http: Request,
    code: CodeQuery = None,
    stage: Annotated[Stage | None, Query()] = None,
    solution: CodeQuery = None,
    sponsor: Annotated[str | None, Query(max_length=500)] = None,
    value_chain_stage: CodeQuery = None,
    kind: CodeQuery = None,
    currency: Annotated[Currency | None, Query()] = None,
    portfolio: Annotated[
        str | None, Query(max_length=2000, description="The same as `tags.portfolio`")
    ] = None,
    historic: Annotated[bool | None, Query()] = None,
    started_on: DayQuery = None,
    planned_go_live_on: DayQuery = None,
    go_live_on: DayQuery = None,
    closed_on: DayQuery = None,
    conflict: Annotated[
        bool | None, Query(description="Whether a stated figure disagrees with ours")
    ] = None,
    finding: Annotated[
        str | None, Query(max_length=100, description="A code such as `no_cost`")
    ] = None,
    over_budget: Annotated[
        bool | None, Query(description="Whether the actual cost is above the planned")
    ] = None,
) -> InitiativeFilter:
    tags = read_open_filters(http)
    if portfolio is not None:
        tags["portfolio"] = portfolio
    return InitiativeFilter(
        code=code, stage=stage, solution=solution, sponsor=sponsor,
        value_chain_stage=value_chain_stage, kind=kind, currency=currency, historic=historic,
        started_on=started_on, planned_go_live_on=planned_go_live_on, go_live_on=go_live_on,
        closed_on=closed_on, conflict=conflict, finding=finding, over_budget=over_budget,
        tags=tuple(sorted(tags.items())),
    )  # fmt: skip


FilterDep = Annotated[InitiativeFilter, Depends(_filter)]
"""The filters that every list over initiatives takes; `tags.x=y` as well."""
