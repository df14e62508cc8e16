"""What others reach of a KPI: asked of allocation, and which figure is in force in a month."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

from services.valuation.measures.value_kpis.formulas.units import currencies_of, parse_unit
from shared.clients.allocation.costs import allocation_costs
from shared.contracts.allocation.benchmarks import BenchmarkAnswer
from shared.errors import Problem
from shared.logs import get_logger
from shared.periods import last_day

ATTEMPTS = 2
log = get_logger(__name__)


@dataclass(frozen=True)
class Benchmarks:
    """The benchmarks of a KPI, the newest first; without any, why."""

    newest_first: Sequence[BenchmarkAnswer]
    reason: str | None = None

    def median_in(self, period: str) -> Decimal | None:
        """The median in force at the end of a month."""
        found = self._in_force(period)
        return None if found is None else found.median

    def shown_with(self, period: str | None) -> BenchmarkAnswer | None:
        """The one in force at the end of a series, else the first after it."""
        found = None if period is None else self._in_force(period)
        return found or next(iter(self.newest_first[::-1]), None)

    def _in_force(self, period: str) -> BenchmarkAnswer | None:
        end = last_day(period)
        return next((each for each in self.newest_first if each.as_of <= end), None)


def ask_benchmarks(kpi: str, unit: str) -> Benchmarks:
    """The benchmarks of a KPI that are in its currency, if both name one."""
    try:
        with closing(allocation_costs(ATTEMPTS)) as client:
            found = client.benchmarks_of_kpi(kpi)
    except (Problem, KeyError, ValueError) as problem:
        log.warning("benchmarks_missing", kpi=kpi, error=repr(problem))
        return Benchmarks((), "allocation_unreachable")
    return choose_benchmarks(found, unit)


def choose_benchmarks(found: Sequence[BenchmarkAnswer], unit: str) -> Benchmarks:
    """Those in the KPI's currency, the newest first, of one day by metric and source."""
    currencies = currencies_of(parse_unit(unit))
    fitting = [
        each
        for each in found
        if each.currency is None or not currencies or each.currency in currencies
    ]
    if not fitting:
        return Benchmarks((), "currency_differs" if found else "no_benchmark")
    by_name = sorted(fitting, key=lambda each: (each.metric, each.source or ""))
    return Benchmarks(sorted(by_name, key=lambda each: each.as_of, reverse=True))
