"""The parameters of a view, and the runs that they mean."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import Session

from services.allocation.runs.repository import list_published
from services.allocation.views import repository
from services.allocation.views.gathering import Grouping
from shared.auth import Caller
from shared.contracts.allocation.runs import Measure
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import Period
from shared.errors import FieldError, NotFound, RuleBroken
from shared.periods import months_between
from shared.tables.allocation.runs import AllocationRun

LONGEST_STRETCH = 60
"""Months that one view may cover."""
GROUP_BY = r"^((tags|attributes)\..{1,190}|owner|value_chain_stage|standard)$"


@dataclass(frozen=True)
class Asked:
    """What a caller wants to see."""

    period: str | None
    first: str | None
    last: str | None
    run: UUID | None
    scenario: str
    measure: str
    level: int | None
    group_by: str | None
    under: str | None

    def grouping(self, caller: Caller | None = None) -> Grouping:
        """How objects are gathered, and which of them the caller may see."""
        within = [] if self.under is None else [frozenset([self.under])]
        if caller is not None and caller.consumers is not None:
            within.append(frozenset(caller.consumers))
        return Grouping(self.level, self.group_by, tuple(within))


async def _asked(
    period: Annotated[Period | None, Query(description="One month; else the newest")] = None,
    from_: Annotated[Period | None, Query(alias="from", description="First month")] = None,
    to: Annotated[Period | None, Query(description="Last month")] = None,
    run: Annotated[UUID | None, Query(description="A run instead of the published ones")] = None,
    scenario: Annotated[Scenario, Query(description="Whose published runs")] = "actual",
    measure: Annotated[Measure, Query(description="Which measure of the runs")] = "cost",
    level: Annotated[
        int | None, Query(ge=1, le=20, description="Gather at a level of the tree; 1 = roots")
    ] = None,
    group_by: Annotated[
        str | None,
        Query(
            pattern=GROUP_BY,
            max_length=201,
            description="Gather by what the view's objects share instead: `tags.x`,"
            " `attributes.x`, `owner`, `value_chain_stage` or `standard`",
        ),
    ] = None,
    under: Annotated[
        str | None, Query(max_length=200, description="An object and all below it")
    ] = None,
) -> Asked:
    return Asked(period, from_, to, run, scenario, measure, level, group_by, under)


AskedDep = Annotated[Asked, Depends(_asked)]


def runs_of(session: Session, asked: Asked) -> list[AllocationRun]:
    """The asked run, else the published runs of the asked periods, else that of the newest."""
    if asked.run is not None:
        run = repository.find_run(session, asked.run)
        if run is None or run.status != "succeeded":
            raise NotFound(f"finished run {asked.run}")
        found = [run]
    else:
        first, last = _stretch(session, asked)
        if first is None or last is None:
            return []
        found = list_published(session, first, last, asked.scenario)
    if any(asked.measure not in run.measures for run in found):
        raise RuleBroken(f"these runs have no measure {asked.measure}", code="measure_not_run")
    currencies = sorted({run.currency for run in found})
    if len(currencies) > 1:
        message = f"these periods were run in {', '.join(currencies)}; ask for them apart"
        raise RuleBroken(message, code="mixed_currencies")
    return found


def _stretch(session: Session, asked: Asked) -> tuple[str | None, str | None]:
    if asked.period is not None:
        if asked.first is not None or asked.last is not None:
            raise _bad_stretch("give `period`, or `from` and `to`")
        return asked.period, asked.period
    if asked.first is None and asked.last is None:
        newest = repository.newest_published_period(session, asked.scenario)
        return newest, newest
    if asked.first is None or asked.last is None:
        raise _bad_stretch("`from` and `to` go together")
    if not 0 <= months_between(asked.first, asked.last) < LONGEST_STRETCH:
        raise _bad_stretch(f"`from` lies before `to`, at most {LONGEST_STRETCH} months apart")
    return asked.first, asked.last


def _bad_stretch(message: str) -> RuleBroken:
    error = FieldError("query:/from", "bad_stretch", message)
    return RuleBroken(message, code="bad_stretch", errors=[error])
