"""The six factors that a run's figures depend on, and inputs that mix those of two runs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from services.allocation.engine.comparing.driver_mixing import (
    DriverUses,
    driver_uses,
    mixed_drivers,
    same_drivers,
    with_named_uses,
)
from services.allocation.engine.fingerprint import canonical_json
from services.allocation.engine.flows.prices import price_currencies
from services.allocation.engine.lines.classification import group_keys
from services.allocation.engine.lines.grouping import canonical_groups
from services.allocation.engine.model import (
    DriverTable,
    LineGroups,
    MappingSpec,
    ObjectSpec,
    RunInput,
)
from shared.periods import covers

SpecT = TypeVar("SpecT", MappingSpec, ObjectSpec)
FACTORS = ("spend", "exchange_rate", "volume", "driver_mix", "mapping", "taxonomy")
"""In the order in which they are replaced: amounts of lines and own amounts; rates; totals of
drivers; shares within drivers; mappings and stage settings; the objects with parents, tags,
attributes and validity."""

SEEN_PLAIN = ("parent", "standard", "owner", "unit_driver", "capacity_driver", "value_chain_stage")


class MixedInputs:
    """Inputs in which each factor is the base run's or the new run's.

    Both inputs must hold what either's mappings look at: the line fields (as columns of the
    groups) and the drivers. Everything is brought to one period: mappings and objects count when
    they are valid in the period of their own run. An object that only one of the runs has is
    absent where the other's taxonomy counts.
    """

    def __init__(self, base: RunInput, new: RunInput) -> None:
        self.measures = tuple(one for one in base.measures if one in new.measures)
        self._sides = (self._timeless(base, new, new), self._timeless(new, base, new))
        self._uses: DriverUses = driver_uses(self._sides)
        self._tables: dict[tuple[bool, bool], dict[str, DriverTable]] = {}

    def _timeless(self, side: RunInput, other: RunInput, last: RunInput) -> RunInput:
        """One run's input without validity, in the common period."""
        return replace(
            side,
            period=last.period,
            measures=self.measures,
            objects=[_always(one) for one in side.objects if _holds(one, side.period)],
            mappings=[_always(one) for one in side.mappings if _holds(one, side.period)],
            own_amounts=[one for one in side.own_amounts if one.measure in self.measures],
            rates=_completed_rates(side, other),
            on_missing_rate="set_aside",
            precision={},
        )

    @property
    def objects(self) -> tuple[Sequence[ObjectSpec], Sequence[ObjectSpec]]:
        """The objects of the base and of the new run."""
        return self._sides[0].objects, self._sides[1].objects

    def of(self, replaced: Collection[str]) -> RunInput:
        """The input with these factors of the new run and the others of the base."""
        spend, rates, model, taxonomy = (
            self._sides[factor in replaced]
            for factor in ("spend", "exchange_rate", "mapping", "taxonomy")
        )
        return replace(
            model,
            mappings=with_named_uses(model.mappings),
            groups=coarser(spend.groups, group_keys(model.mappings, model.period)),
            own_amounts=spend.own_amounts,
            rates=rates.rates,
            drivers=self._drivers(("volume" in replaced, "driver_mix" in replaced)),
            objects=taxonomy.objects,
        )

    def _drivers(self, of_new: tuple[bool, bool]) -> dict[str, DriverTable]:
        """The drivers, given whether their totals and their shares are the new run's."""
        if of_new not in self._tables:
            volume, mix = (self._sides[is_new].drivers for is_new in of_new)
            self._tables[of_new] = mixed_drivers(self._uses, volume, mix)
        return self._tables[of_new]

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """The factors in which the runs differ; replacing another one changes nothing."""
        base, new = self._sides
        differ = {
            "spend": _spend_differs(base, new),
            "exchange_rate": _rates_differ(base, new),
            "volume": self._drivers_differ((False, False), (True, False))
            or self._drivers_differ((False, True), (True, True)),
            "driver_mix": self._drivers_differ((False, False), (False, True))
            or self._drivers_differ((True, False), (True, True)),
            "mapping": _model_mark(base) != _model_mark(new),
            "taxonomy": _taxonomy(base.objects) != _taxonomy(new.objects),
        }
        return tuple(factor for factor in FACTORS if differ[factor])

    def _drivers_differ(self, one: tuple[bool, bool], other: tuple[bool, bool]) -> bool:
        return not same_drivers(self._drivers(one), self._drivers(other))


def _holds(one: MappingSpec | ObjectSpec, period: str) -> bool:
    return covers(one.valid_from, one.valid_to, period)


def _always(one: SpecT) -> SpecT:
    if one.valid_from is None and one.valid_to is None:
        return one
    return replace(one, valid_from=None, valid_to=None)


def _completed_rates(side: RunInput, other: RunInput) -> dict[str, Decimal]:
    """The run's rates, with the other's for currencies in which it had nothing to convert.

    A currency whose lines it set aside stays without a rate.
    """
    used = set(side.groups.currency.values)
    return {code: rate for code, rate in other.rates.items() if code not in used} | dict(side.rates)


def coarser(groups: LineGroups, keys: Collection[str]) -> LineGroups:
    """The groups as a run that looks at these fields only would have made them."""
    if set(groups.columns) == set(keys):
        return groups
    kept = {key: column for key, column in groups.columns.items() if key in keys}
    return canonical_groups(replace(groups, columns=kept))


def _spend_differs(base: RunInput, new: RunInput) -> bool:
    if _own_mark(base) != _own_mark(new) or set(base.groups.columns) != set(new.groups.columns):
        return True
    one, other = canonical_groups(base.groups), canonical_groups(new.groups)
    return _plain_groups(one) != _plain_groups(other)


def _own_mark(side: RunInput) -> list[bytes]:
    rows = ([one.measure, one.layer, one.code, one.amount] for one in side.own_amounts)
    return sorted(canonical_json(row) for row in rows)


def _plain_groups(groups: LineGroups) -> list[object]:
    """Canonical groups as plain values that can be compared."""
    columns = [groups.currency, *(groups.columns[key] for key in sorted(groups.columns))]
    read: list[object] = [groups.decimals, list(groups.amounts), list(groups.gross)]
    for column in columns:
        ordered = column.in_order_of_values()
        read += [ordered.values, ordered.codes.tolist()]
    return read


def _rates_differ(base: RunInput, new: RunInput) -> bool:
    """Whether a rate differs that lines or prices of either run could need."""
    used = {*base.groups.currency.values, *new.groups.currency.values}
    used |= price_currencies((*base.mappings, *new.mappings))
    return _only(base.rates, used) != _only(new.rates, used)


def _only(rates: Mapping[str, Decimal], codes: Collection[str]) -> dict[str, Decimal]:
    return {code: rate for code, rate in rates.items() if code in codes}


def _model_mark(side: RunInput) -> list[bytes]:
    """The mappings and stage settings, as far as they move money."""
    rows = sorted(canonical_json({**vars(one), "note": None}) for one in side.mappings)
    return [*rows, canonical_json({stage: vars(one) for stage, one in side.stages.items()})]


def _taxonomy(objects: Iterable[ObjectSpec]) -> dict[tuple[str, str], list[object]]:
    """Every object without its names: what selectors and trees may see."""
    return {
        (one.layer, one.code): [
            *(getattr(one, name) for name in SEEN_PLAIN),
            dict(one.tags),
            _texts(one.attributes),
        ]
        for one in objects
    }


def _texts(attributes: Mapping[str, object]) -> dict[str, str]:
    return {name: f"{type(value).__name__}:{value}" for name, value in attributes.items()}
