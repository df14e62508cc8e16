"""What a run takes: mappings, objects, line groups, driver quantities, rates, own amounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Column

LAYERS = ("line", "pool", "resource", "solution", "consumer")
OBJECT_LAYERS = LAYERS[1:]
STAGES = {
    f"{source}_to_{target}": (source, target)
    for source, target in (
        ("line", "pool"),
        ("pool", "resource"),
        ("pool", "solution"),
        ("pool", "consumer"),
        ("resource", "resource"),
        ("resource", "solution"),
        ("resource", "consumer"),
        ("solution", "solution"),
        ("solution", "consumer"),
    )
}
SAME_LAYER_STAGES = tuple(name for name, (source, target) in STAGES.items() if source == target)
METHODS = ("direct", "even", "fixed", "driver", "rate", "capacity")
ON_ZERO = ("unallocated", "next", "even")
EXACT_DECIMALS = 18
"""Decimals of stored amounts and quantities (`NUMERIC(38,18)`)."""

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class MappingSpec:
    """One mapping as the API writes it; `source` and `target` are their JSON forms."""

    code: str
    stage: str
    method: str
    target: Mapping[str, object]
    source: Mapping[str, object] = field(default_factory=dict)
    priority: int = 100
    portion: Decimal = Decimal(100)
    driver: str | None = None
    capacity_driver: str | None = None
    rates: Mapping[str, object] | None = None
    floor: Mapping[str, object] | None = None
    cap: Mapping[str, object] | None = None
    on_zero: str = "unallocated"
    valid_from: str | None = None
    valid_to: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class ObjectSpec:
    """One cost object as it is in the run's period; tags and attributes are plain texts."""

    layer: str
    code: str
    parent: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    standard: str | None = None
    owner: str | None = None
    unit_driver: str | None = None
    capacity_driver: str | None = None
    value_chain_stage: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True)
class LineGroups:
    """The lines of a period, grouped by currency and by every line field that a rule looks at.

    `columns` holds one column per such field (keys as selectors write them) and always
    `cost_type`; `amounts` are exact sums in 10^-18 of the group's own currency, `gross` the sums
    of the absolute amounts; `decimals` is the largest number of decimals of any line.
    """

    currency: Column
    columns: Mapping[str, Column]
    amounts: Sequence[int]
    gross: Sequence[int]
    line_counts: Int64s
    decimals: int

    def __len__(self) -> int:
        return len(self.amounts)


@dataclass(frozen=True)
class DriverTable:
    """The quantities of one driver: per target, or per source and target (metered use).

    A quantity is `quantities[i]` x 10^-decimals; the array holds int64, or Python integers where
    they are larger. `sources` is missing (-1) where the quantity belongs to no particular source.
    """

    code: str
    basis: str
    sources: Column
    targets: Column
    quantities: NDArray[Any]
    decimals: int

    def __len__(self) -> int:
        return len(self.quantities)


@dataclass(frozen=True)
class OwnAmount:
    """An amount that enters at an object itself instead of through lines."""

    measure: str
    layer: str
    code: str
    amount: Decimal


@dataclass(frozen=True)
class StageSetting:
    """How a same-layer stage is settled.

    `solve` is `reciprocal` (all at once) or `step_down` (one after the other: the codes of `order`
    first, the others after them by code); `self_use` is `excluded` or `counted`.
    """

    solve: str = "reciprocal"
    order: Sequence[str] = ()
    self_use: str = "excluded"


@dataclass(frozen=True)
class RunInput:
    """Everything that a run's result depends on, and nothing else.

    `rates` gives units of the run's currency per unit of a line's currency; a currency without
    one refuses the run, or is set aside when `on_missing_rate` says so. `precision` fixes the
    decimals of measures that are to be counted as in another run (comparisons, simulations).
    `stages` holds the settings of same-layer stages that are not the usual ones.
    """

    period: str
    currency: str
    minor_digits: int
    objects: Sequence[ObjectSpec]
    mappings: Sequence[MappingSpec]
    groups: LineGroups
    drivers: Mapping[str, DriverTable] = field(default_factory=dict)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    own_amounts: Sequence[OwnAmount] = ()
    scenario: str = "actual"
    measures: Sequence[str] = ("cost",)
    on_missing_rate: str = "refuse"
    rate_kind: str = "average"
    emission_basis: str = "location"
    precision: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, StageSetting] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """Something a controller should look at; it does not stop the run."""

    code: str
    stage: str | None
    mapping: str | None
    message: str
    details: Mapping[str, object] = field(default_factory=dict)
