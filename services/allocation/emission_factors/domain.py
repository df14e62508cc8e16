"""Operational carbon: the kilowatt-hours of each resource times its region's factors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.money import EXACT


@dataclass(frozen=True)
class Factor:
    """Kilograms of CO2e per kWh in a region, of one scope, from a month on."""

    code: str
    region: str
    scope: str
    valid_from: str
    kg_per_kwh: Decimal


@dataclass(frozen=True)
class Emission:
    """What one resource emits, and by which factors; every scope of its region counts."""

    resource: str
    region: str
    kwh: Decimal
    factors: Sequence[Factor]

    @property
    def kg(self) -> Decimal:
        """Kilograms of CO2e, exactly: kWh x the sum of the factors."""
        total = Decimal(0)
        for factor in self.factors:
            total = EXACT.add(total, factor.kg_per_kwh)
        return EXACT.multiply(self.kwh, total)


@dataclass(frozen=True)
class WithoutFactor:
    """Energy whose carbon nobody can tell: the resource has no region, or its region no factor."""

    resource: str
    region: str | None
    kwh: Decimal


def factors_of_period(factors: Iterable[Factor], period: str) -> dict[str, list[Factor]]:
    """Per region the factors that count in a month: of each scope the one that began last."""
    newest: dict[tuple[str, str], Factor] = {}
    for factor in factors:
        key = (factor.region, factor.scope)
        known = newest.get(key)
        begins_later = known is None or factor.valid_from > known.valid_from
        if factor.valid_from <= period and begins_later:
            newest[key] = factor
    found: dict[str, list[Factor]] = {}
    for key in sorted(newest):
        found.setdefault(key[0], []).append(newest[key])
    return found


def operational_carbon(
    kwh: Mapping[str, Decimal],
    regions: Mapping[str, str | None],
    factors: Mapping[str, Sequence[Factor]],
) -> tuple[list[Emission], list[WithoutFactor]]:
    """The emissions of every resource that used energy, and the energy that has no factor.

    A resource that used nothing emits nothing and needs no factor.
    """
    emissions: list[Emission] = []
    without: list[WithoutFactor] = []
    for resource, used in sorted(kwh.items()):
        region = regions.get(resource)
        if not used:
            continue
        if region is None or region not in factors:
            without.append(WithoutFactor(resource, region, used))
        else:
            emissions.append(Emission(resource, region, used, factors[region]))
    return emissions, without
