"""Sets the cost of solutions beside their worth and use; marks those that cost much for little."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Literal

from services.valuation.measures.value_kpis.domain import round_fraction
from shared.money import add_exactly

LITTLE_USED_BELOW = Decimal("0.5")
MONEY_ROLES = frozenset({"revenue", "saving"})
Quadrant = Literal[
    "high_cost_high_value", "high_cost_low_value", "low_cost_high_value", "low_cost_low_value"
]
Underuse = Literal["underused", "used", "cheap", "no_use_kpi"]


@dataclass(frozen=True)
class KpiSeen:
    """A KPI beside a solution: its newest figure, and what it says of the asked months.

    `worth` is the sum over these months where the KPI is of this solution alone (or was observed
    of it), for revenue and savings only.
    """

    code: str
    name: str
    role: str | None
    unit: str
    value: Decimal | None
    measured_in: str | None
    target: Decimal | None
    attainment: Decimal | None
    worth: Decimal | None


@dataclass(frozen=True)
class Worth:
    """Revenue and savings in one unit."""

    unit: str
    amount: Decimal
    kpis: tuple[str, ...]


@dataclass(frozen=True)
class Middles:
    """What high and low are measured by; None where nothing is known."""

    cost: Decimal
    worth: Decimal | None


def add_worth(kpis: Iterable[KpiSeen]) -> list[Worth]:
    """Worth by unit, in order of unit."""
    found: dict[str, list[KpiSeen]] = {}
    for kpi in kpis:
        if kpi.worth is not None:
            found.setdefault(kpi.unit, []).append(kpi)
    return [
        Worth(
            unit,
            add_exactly(kpi.worth or Decimal(0) for kpi in same),
            tuple(sorted({kpi.code for kpi in same})),
        )
        for unit, same in sorted(found.items())
    ]


def worth_in(worths: Iterable[Worth], unit: str) -> Decimal | None:
    """The worth in one unit, if there is any."""
    return next((worth.amount for worth in worths if worth.unit == unit), None)


def ratio(part: Decimal | None, whole: Decimal) -> Decimal | None:
    """Part / whole of twelve decimals; None without a part, or a whole above zero."""
    if part is None or whole <= 0:
        return None
    return round_fraction(Fraction(part) / Fraction(whole))


def middles_of(costs: Sequence[Decimal], worths: Sequence[Decimal | None]) -> Middles:
    """The medians of what solutions cost, and of what those bring of which it is known."""
    known = [worth for worth in worths if worth is not None]
    return Middles(
        Decimal(median(costs)) if costs else Decimal(0), Decimal(median(known)) if known else None
    )


def quadrant_of(cost: Decimal, worth: Decimal | None, middles: Middles) -> Quadrant | None:
    """High is at least the median; None where the worth is not known."""
    if worth is None or middles.worth is None:
        return None
    names: Mapping[tuple[bool, bool], Quadrant] = {
        (True, True): "high_cost_high_value",
        (True, False): "high_cost_low_value",
        (False, True): "low_cost_high_value",
        (False, False): "low_cost_low_value",
    }
    return names[cost >= middles.cost, worth >= middles.worth]


def best_use(kpis: Iterable[KpiSeen]) -> KpiSeen | None:
    """The `use` KPI that has come furthest; one without attainment only if there is no other."""
    uses = [kpi for kpi in kpis if kpi.role == "use"]
    return max(
        uses,
        key=lambda kpi: (kpi.attainment is not None, kpi.attainment or 0, kpi.code),
        default=None,
    )


def judge_use(cost: Decimal, use: KpiSeen | None, middles: Middles) -> Underuse:
    """Underused: at least as costly as the median, and use less than half way to its target."""
    if use is None or use.attainment is None:
        return "no_use_kpi"
    if use.attainment >= LITTLE_USED_BELOW:
        return "used"
    return "underused" if cost >= middles.cost else "cheap"
