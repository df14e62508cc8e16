"""Energy and emissions as plain values."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class CarbonRow:
    """One object with its energy, its emissions and its cost; None where the run has no figure."""

    layer: str
    code: str
    name: str
    kwh: Decimal | None
    operational: Decimal | None
    embodied: Decimal | None
    cost: Decimal | None


@dataclass(frozen=True)
class CarbonTotal:
    """A measure of the run: all of it, what reached consumers and what stayed."""

    measure: str
    input: Decimal
    consumers: Decimal
    unallocated: Decimal


@dataclass(frozen=True)
class CarbonFacts:
    """The emissions of one run by layer; `basis` is how bought electricity was counted."""

    basis: str
    totals: tuple[CarbonTotal, ...]
    rows: tuple[CarbonRow, ...]
