"""Joins energy, carbon and cost of the objects of a layer; exact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.valuation.measures.value_kpis.domain import round_fraction
from shared.money import EXACT, add_exactly

MEASURES = ("kwh", "co2e_operational", "co2e_embodied")
CARBON = ("co2e_operational", "co2e_embodied")
Amounts = Mapping[str, Decimal]


@dataclass(frozen=True)
class Line:
    """An object as a view of allocation tells it, in one measure."""

    code: str
    name: str
    amount: Decimal
    unit: str | None = None
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None


@dataclass(frozen=True)
class Footprint:
    """An object with all its measures; a measure that the runs lack is None."""

    code: str
    name: str
    cost: Decimal
    measures: Mapping[str, Decimal | None]
    unit: str | None
    quantity: Decimal | None

    @property
    def co2e(self) -> Decimal | None:
        """Operational and embodied carbon together; None unless both are known."""
        return co2e_of(self.measures)

    @property
    def kg_per_1000(self) -> Decimal | None:
        """Carbon for 1,000 of cost."""
        return kg_per_1000(self.co2e, self.cost)

    @property
    def kg_per_unit(self) -> Decimal | None:
        """Carbon for one unit of the object's driver."""
        if self.co2e is None or not self.quantity:
            return None
        return round_fraction(Fraction(self.co2e) / Fraction(self.quantity))


def co2e_of(measures: Mapping[str, Decimal | None]) -> Decimal | None:
    """The sum of both kinds of carbon; one alone is shown by itself, not as the whole."""
    known = [value for name in CARBON if (value := measures.get(name)) is not None]
    return EXACT.add(known[0], known[1]) if len(known) == len(CARBON) else None


def kg_per_1000(co2e: Decimal | None, cost: Decimal) -> Decimal | None:
    """Carbon for 1,000 of cost; None without cost above zero."""
    if co2e is None or cost <= 0:
        return None
    return round_fraction(1000 * Fraction(co2e) / Fraction(cost))


def join_measures(costs: Iterable[Line], measures: Mapping[str, Iterable[Line]]) -> list[Footprint]:
    """Every object that has a cost or any measure, most carbon first, then energy, then code."""
    rows: dict[str, Line] = {}
    sums: dict[str, dict[str, Decimal]] = {"cost": {}}
    for name, lines in {"cost": costs, **measures}.items():
        known = sums.setdefault(name, {})
        for line in lines:
            rows.setdefault(line.code, line)
            known[line.code] = EXACT.add(known.get(line.code, Decimal(0)), line.amount)
    found = [_footprint(row, sums, measures) for row in rows.values()]
    return largest_first(found)


def largest_first(footprints: Iterable[Footprint]) -> list[Footprint]:
    """Most carbon first, then most energy, then highest cost, then code."""
    return sorted(footprints, key=lambda each: (*_size(each), each.code))


def _footprint(row: Line, sums: Mapping[str, Amounts], measures: Mapping[str, object]) -> Footprint:
    figures = {
        name: sums[name].get(row.code, Decimal(0)) if name in measures else None
        for name in MEASURES
    }
    # A quantity without a unit cost lacks a month, so that nothing may be divided by it.
    quantity = row.quantity if row.unit_cost is not None else None
    cost = sums["cost"].get(row.code, Decimal(0))
    return Footprint(row.code, row.name, cost, figures, row.unit, quantity)


def _size(each: Footprint) -> tuple[Decimal, Decimal, Decimal]:
    carbon = each.co2e or next(
        (value for name in CARBON if (value := each.measures[name]) is not None), Decimal(0)
    )
    return -carbon, -(each.measures["kwh"] or Decimal(0)), -each.cost


def add_up(footprints: Sequence[Footprint], measure: str) -> Decimal:
    """What all objects have of a measure."""
    return add_exactly(each.measures[measure] or Decimal(0) for each in footprints)
