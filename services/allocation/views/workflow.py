"""Finds the runs behind a view and what stands beside their figures: budget and quantities."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from services.allocation.views import repository
from services.allocation.views.domain import Grouping, Line
from services.allocation.views.figures import RunFigures
from services.allocation.views.from_run import figures_of
from services.allocation.views.presenting import Quantity
from shared.errors import FieldError, NotFound, RuleBroken
from shared.money import EXACT, from_units
from shared.periods import months_between
from shared.tables.allocation.runs import AllocationRun

LONGEST_STRETCH = 60
"""Months that one view may cover."""


@dataclass(frozen=True)
class Asked:
    """The parameters of a view."""

    period: str | None
    first: str | None
    last: str | None
    run: UUID | None
    measure: str
    level: int | None
    group_by: str | None

    @property
    def grouping(self) -> Grouping:
        """How objects are gathered."""
        tag = self.group_by.removeprefix("tags.") if self.group_by else None
        return Grouping(level=self.level, tag=tag)


@dataclass(frozen=True)
class ViewData:
    """The figures behind a view, period by period."""

    measure: str
    currency: str | None
    periods: list[str]
    runs: list[UUID]
    figures: Sequence[RunFigures]
    unallocated: Decimal

    def without_unallocated(self) -> "ViewData":
        """The same for a caller who may not know what others left over."""
        return replace(self, unallocated=Decimal(0))


def load(session: Session, asked: Asked) -> ViewData:
    """The figures of the asked run, else of the published runs of the asked periods."""
    runs = _runs(session, asked)
    currencies = sorted({run.currency for run in runs})
    if len(currencies) > 1:
        message = f"these periods were run in {', '.join(currencies)}; ask for them apart"
        raise RuleBroken(message, code="mixed_currencies")
    figures = [figures_of(session, run, asked.measure) for run in runs]
    return ViewData(
        measure=asked.measure,
        currency=currencies[0] if currencies else None,
        periods=[run.period for run in runs],
        runs=[run.id for run in runs],
        figures=figures,
        unallocated=_unallocated(figures),
    )


def _unallocated(figures: Sequence[RunFigures]) -> Decimal:
    total = Decimal(0)
    for each in figures:
        units = int(sum(each.unallocated.tolist()))
        total = EXACT.add(total, from_units(units, each.precision))
    return total


def _runs(session: Session, asked: Asked) -> list[AllocationRun]:
    if asked.run is not None:
        run = repository.find_run(session, asked.run)
        if run is None or run.status != "succeeded":
            raise NotFound(f"finished run {asked.run}")
        _has_measure([run], asked.measure)
        return [run]
    first, last = _stretch(session, asked)
    if first is None or last is None:
        return []
    runs = repository.list_published(session, first, last, "actual")
    _has_measure(runs, asked.measure)
    return runs


def _has_measure(runs: Sequence[AllocationRun], measure: str) -> None:
    if any(measure not in run.measures for run in runs):
        raise RuleBroken(f"these runs have no measure {measure}", code="measure_not_run")


def _stretch(session: Session, asked: Asked) -> tuple[str | None, str | None]:
    if asked.period is not None:
        if asked.first is not None or asked.last is not None:
            raise _bad_stretch("give `period`, or `from` and `to`")
        return asked.period, asked.period
    if asked.first is None and asked.last is None:
        newest = repository.newest_published_period(session, "actual")
        return newest, newest
    if asked.first is None or asked.last is None:
        raise _bad_stretch("`from` and `to` go together")
    if not 0 <= months_between(asked.first, asked.last) < LONGEST_STRETCH:
        raise _bad_stretch(f"`from` lies before `to`, at most {LONGEST_STRETCH} months apart")
    return asked.first, asked.last


def _bad_stretch(message: str) -> RuleBroken:
    error = FieldError("query:/from", "bad_stretch", message)
    return RuleBroken(message, code="bad_stretch", errors=[error])


def budget_of(
    session: Session, data: ViewData, lines_of: Callable[[Sequence[RunFigures]], list[Line]]
) -> Mapping[str, Decimal] | None:
    """The same lines in the published budget runs of the same periods; None where there is none."""
    if not data.periods:
        return None
    runs = repository.list_published(session, data.periods[0], data.periods[-1], "budget")
    runs = [run for run in runs if run.period in data.periods and run.currency == data.currency]
    if {run.period for run in runs} != set(data.periods):
        return None
    _has_measure(runs, data.measure)
    lines = lines_of([figures_of(session, run, data.measure) for run in runs])
    return {line.key: line.amount for line in lines}


def quantities_of(
    session: Session, periods: Sequence[str], lines: Sequence[Line], attribute: str
) -> dict[str, Quantity]:
    """How much each line's members used of the line's own unit (or capacity) driver."""
    with_driver = {line.key: getattr(line, attribute) for line in lines}
    drivers = sorted({driver for driver in with_driver.values() if driver})
    if not drivers or not periods:
        return {}
    targets = sorted({code for line in lines for code in {*line.members, line.code} if code})
    sums = repository.quantities_per_target(session, drivers, periods, targets)
    units = repository.units_of(session, drivers)
    found: dict[str, Quantity] = {}
    for line in lines:
        driver = with_driver[line.key]
        codes = {*line.members, line.code}
        amounts = [sums[(driver, code)] for code in codes if code and (driver, code) in sums]
        if driver and amounts:
            total = Decimal(0)
            for amount in amounts:
                total = EXACT.add(total, amount)
            found[line.key] = Quantity(units.get(driver, driver), total)
    return found
