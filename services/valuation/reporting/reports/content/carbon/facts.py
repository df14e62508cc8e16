"""Energy and emissions of one run as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from services.valuation.overviews.carbon.domain import Footprint


@dataclass(frozen=True)
class CarbonTotal:
    """A measure of the run: all of it, what reached consumers and what stayed."""

    measure: str
    input: Decimal
    consumers: Decimal
    unallocated: Decimal


@dataclass(frozen=True)
class CarbonFacts:
    """The footprints of each layer, largest first; `basis` is how bought electricity counts."""

    basis: str
    totals: tuple[CarbonTotal, ...]
    layers: Mapping[str, tuple[Footprint, ...]] = field(default_factory=dict)
