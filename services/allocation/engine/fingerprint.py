"""Hashes of a run's inputs and outputs: equal inputs, equal fingerprint, whatever their order."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from services.allocation.engine.columns import Column
from services.allocation.engine.flows.prices import price_currencies
from services.allocation.engine.model import (
    SAME_LAYER_STAGES,
    DriverTable,
    LineGroups,
    MappingSpec,
    ObjectSpec,
    RunInput,
    StageSetting,
)
from services.allocation.engine.rules.used_drivers import used_drivers
from shared.money import plain
from shared.periods import covers

ENGINE_RULES = "2"
"""Changes when the same inputs would give other flows."""


def fingerprint(taken: RunInput, groups: LineGroups) -> str:
    """The SHA-256 of everything that the flows depend on; `groups` are in canonical order.

    Names, notes, owners' texts and the identity of the model version do not count.
    """
    digest = hashlib.sha256()
    for part in _parts(taken, groups):
        data = part if isinstance(part, bytes) else canonical_json(part)
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def canonical_json(value: object) -> bytes:
    """One way to write a value as JSON: sorted keys, no spaces, decimals as plain texts."""
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_as_text
    )
    return text.encode()


def hash_arrays(arrays: Iterable[np.ndarray[Any, Any]]) -> str:
    """The SHA-256 over arrays, their types and shapes."""
    digest = hashlib.sha256()
    for array in arrays:
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{little.dtype.str}{little.shape}".encode())
        digest.update(np.ascontiguousarray(little).tobytes())
    return digest.hexdigest()


def _parts(taken: RunInput, groups: LineGroups) -> Iterable[object]:
    yield [ENGINE_RULES, taken.period, taken.scenario, taken.currency, taken.minor_digits]
    yield [list(taken.measures), taken.on_missing_rate]
    if (taken.rate_kind, taken.emission_basis) != ("average", "location"):
        yield [taken.rate_kind, taken.emission_basis]
    yield from _stage_parts(taken)
    yield sorted(_object_rows(taken), key=canonical_json)
    yield sorted((_mapping_row(spec) for spec in _active(taken)), key=canonical_json)
    currencies = {*groups.currency.values, *price_currencies(_active(taken))}
    yield {code: rate for code, rate in taken.rates.items() if code in currencies}
    yield sorted(
        ([one.measure, one.layer, one.code, one.amount] for one in taken.own_amounts),
        key=canonical_json,
    )
    yield from _group_parts(groups)
    used = used_drivers(_active(taken), _valid(taken))
    for code in sorted(used & set(taken.drivers)):
        yield from _driver_parts(taken.drivers[code])


def _stage_parts(taken: RunInput) -> Iterable[object]:
    """The settings of same-layer stages that anything moves in."""
    stages = {spec.stage for spec in _active(taken)}
    for name in SAME_LAYER_STAGES:
        if name in stages:
            setting = taken.stages.get(name, StageSetting())
            order = list(setting.order) if setting.solve == "step_down" else []
            yield [name, setting.solve, order, setting.self_use]


def _active(taken: RunInput) -> Sequence[MappingSpec]:
    return [one for one in taken.mappings if covers(one.valid_from, one.valid_to, taken.period)]


def _object_rows(taken: RunInput) -> Iterable[list[object]]:
    for one in _valid(taken):
        fields = [one.standard, one.owner, one.unit_driver, one.capacity_driver]
        plain_fields = [one.layer, one.code, one.parent, one.value_chain_stage, *fields]
        yield [*plain_fields, dict(one.tags), dict(one.attributes)]


def _valid(taken: RunInput) -> Sequence[ObjectSpec]:
    return [one for one in taken.objects if covers(one.valid_from, one.valid_to, taken.period)]


def _mapping_row(spec: MappingSpec) -> Mapping[str, object]:
    """A mapping without what does not move money."""
    quiet = {"note", "valid_from", "valid_to"}
    return {name: value for name, value in vars(spec).items() if name not in quiet}


def _group_parts(groups: LineGroups) -> Iterable[object]:
    yield ["groups", len(groups)]
    for key, column in {"": groups.currency, **dict(sorted(groups.columns.items()))}.items():
        ordered = column.in_order_of_values()
        yield [key, list(ordered.values)]
        yield ordered.codes.astype("<i4").tobytes()
    yield ",".join(map(str, groups.amounts)).encode()
    yield groups.line_counts.astype("<i8").tobytes()


def _driver_parts(table: DriverTable) -> Iterable[object]:
    sources, targets = table.sources.in_order_of_values(), table.targets.in_order_of_values()
    yield [table.code, table.basis, len(sources.values), len(targets.values)]
    yield "\0".join(sources.values).encode()  # no text of the database holds a zero character
    yield "\0".join(targets.values).encode()
    quantities, decimals = _fewest_decimals(table)
    order = np.lexsort((quantities, targets.codes, sources.codes))
    for column in (sources, targets):
        yield _rows_of(column, order)
    yield [decimals]
    ordered = quantities[order]
    is_wide = ordered.dtype == object
    yield ",".join(map(str, ordered)).encode() if is_wide else ordered.astype("<i8").tobytes()


def _rows_of(column: Column, order: np.ndarray[Any, Any]) -> bytes:
    return bytes(column.codes[order].astype("<i4").tobytes())


def _fewest_decimals(table: DriverTable) -> tuple[np.ndarray[Any, Any], int]:
    """The same quantities with as few decimals as they need."""
    quantities, decimals = table.quantities, table.decimals
    while decimals > 0 and bool((quantities % 10 == 0).all()):
        quantities, decimals = quantities // 10, decimals - 1
    return quantities, decimals


def _as_text(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
