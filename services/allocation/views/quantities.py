"""How much of their drivers' units the lines of a view used, as the runs saw it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.allocation.runs.rates import exchange_rates
from services.allocation.views import repository
from services.allocation.views.domain import Line, add_up
from services.allocation.views.figures import Int64s
from services.allocation.views.gathering import Gathered, Groups
from services.allocation.views.keeping import Kept
from shared.derived_drivers import Facts, derive, is_derived
from shared.tables.allocation.runs import AllocationRun

ONE = Decimal(1)


@dataclass(frozen=True)
class Usage:
    """A driver's quantities in one run, per target, and per source of metered use."""

    per_target: Mapping[str, Decimal]
    per_source: Mapping[str, Decimal]

    def of(self, codes: Iterable[str]) -> Decimal | None:
        """What these objects used; as sources only where none of them is a target."""
        wanted = list(codes)
        for sums in (self.per_target, self.per_source):
            found = [sums[code] for code in wanted if code in sums]
            if found:
                return add_up(found)
        return None


@dataclass(frozen=True)
class Used:
    """What a line used of one driver over all runs.

    `is_whole` says that every run in which the line cost something has a quantity.
    """

    driver: str
    amount: Decimal
    is_whole: bool


_usages: Kept[Usage] = Kept(
    200_000_000, lambda one: 300 * (len(one.per_target) + len(one.per_source)) + 1_000
)


def usage_of(session: Session, run: AllocationRun, driver: str) -> Usage:
    """A driver's quantities of the run's period, live at the changes that the run looked at."""
    key: tuple[UUID, str] = (run.id, driver)
    return _usages.get(key, lambda: _read_usage(session, run, driver))


def _read_usage(session: Session, run: AllocationRun, driver: str) -> Usage:
    as_of = run.inputs_as_of
    if is_derived(driver):
        facts = Facts(run.period, run.scenario, as_of.get("cost_lines", 0), as_of.get("tickets", 0))
        rates = exchange_rates(session, run, as_of)
        return _usage_of_rows(derive(session, driver, facts, {**rates, run.currency: ONE}))
    number = as_of.get("driver_quantities", 0)
    found = repository.quantities_of(session, driver, run.period, run.scenario, number)
    if not found[0] and run.scenario != "actual":
        number = as_of.get("driver_quantities_actual", 0)
        found = repository.quantities_of(session, driver, run.period, "actual", number)
    return Usage(*found)


def _usage_of_rows(rows: Iterable[Any]) -> Usage:
    """Derived quantities; a target's own beats the sum of what it has per source."""
    own: dict[str, Decimal] = {}
    metered: dict[str, list[Decimal]] = {}
    per_source: dict[str, list[Decimal]] = {}
    for row in rows:
        if row.source is None:
            own[row.target] = row.quantity
        else:
            metered.setdefault(row.target, []).append(row.quantity)
            per_source.setdefault(row.source, []).append(row.quantity)
    sums = {code: add_up(found) for code, found in metered.items()}
    return Usage({**sums, **own}, {code: add_up(found) for code, found in per_source.items()})


class Quantities:
    """Answers how much the lines of a view used, over all its runs."""

    def __init__(
        self, session: Session, runs: Sequence[tuple[AllocationRun, Gathered]], attribute: str
    ) -> None:
        self._session, self._runs, self._attribute = session, runs, attribute
        self._found: dict[str, Used | None] = {}
        self._units: dict[str, str] = {}

    def unit_of(self, driver: str) -> str:
        """The unit of a driver, its code where it has none."""
        if driver not in self._units:
            found = repository.units_of(self._session, [driver])
            self._units[driver] = found.get(driver, driver)
        return self._units[driver]

    def of(self, line: Line) -> Used | None:
        """What the line used; None without a driver, with several, or without any quantity."""
        if line.key not in self._found:
            self._found[line.key] = self._read(line)
        return self._found[line.key]

    def _read(self, line: Line) -> Used | None:
        found: list[tuple[str, Decimal | None]] = []
        for run, gathered in self._runs:
            place = gathered.index.get(line.key)
            if place is None:
                continue
            driver, members = self._driver(gathered.groups, int(gathered.heads[place]))
            if driver is None:
                return None
            codes = (gathered.figures.codes[one] for one in members.tolist())
            found.append((driver, usage_of(self._session, run, driver).of(codes)))
        amounts = [amount for _, amount in found if amount is not None]
        if not amounts or len({driver for driver, _ in found}) > 1:
            return None
        return Used(found[0][0], add_up(amounts), len(amounts) == len(found))

    def _driver(self, groups: Groups, head: int) -> tuple[str | None, Int64s]:
        """The driver of the object that stands for a group, else the only one of its members."""
        members, objects = groups.members(head), groups.figures.objects
        if groups.grouping.by is None:
            own = getattr(objects[head], self._attribute)
            if own is not None:
                return own, members
        costing = members[groups.figures.touched[members]]
        drivers = {getattr(objects[one], self._attribute) for one in costing.tolist()}
        return (drivers.pop() if len(drivers) == 1 else None), members
