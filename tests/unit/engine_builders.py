"""Small models for the engine's tests: objects, mappings, line groups, drivers, in a few words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from services.allocation.engine.columns import Column
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    DriverTable,
    LineGroups,
    MappingSpec,
    ObjectSpec,
    RunInput,
)
from services.allocation.engine.result import RunResult
from shared.money import EXACT, decimals_of, from_units, to_units

LAYER_OF = {"P": "pool", "R": "resource", "S": "solution", "C": "consumer"}


def objects(*codes: str, **parents: str) -> list[ObjectSpec]:
    """Objects by their first letter: P pool, R resource, S solution, C consumer."""
    return [ObjectSpec(LAYER_OF[code[0]], code, parent=parents.get(code)) for code in codes]


def lines(*rows: tuple[Mapping[str, str], str], currency: str = "EUR") -> LineGroups:
    """Line groups from (fields, amount); a field `currency` overrides the usual one."""
    keys = sorted({key for fields, _ in rows for key in fields} | {"cost_type"})
    amounts = [Decimal(amount) for _, amount in rows]
    return LineGroups(
        currency=Column.of(fields.get("currency", currency) for fields, _ in rows),
        columns={key: Column.of(fields.get(key) for fields, _ in rows) for key in keys},
        amounts=[to_units(amount, EXACT_DECIMALS) for amount in amounts],
        gross=[to_units(abs(amount), EXACT_DECIMALS) for amount in amounts],
        line_counts=np.ones(len(rows), dtype=np.int64),
        decimals=max((decimals_of(amount) for amount in amounts), default=0),
    )


def driver(
    code: str,
    quantities: Mapping[Any, str],
    basis: str = "measured",
) -> DriverTable:
    """A driver with quantities per target, or per (source, target)."""
    pairs = [key if isinstance(key, tuple) else (None, key) for key in quantities]
    values = [Decimal(value) for value in quantities.values()]
    decimals = max((decimals_of(value) for value in values), default=0)
    whole = [to_units(value, decimals) for value in values]
    fits = all(abs(value) < 2**62 for value in whole)
    return DriverTable(
        code=code,
        basis=basis,
        sources=Column.of(source for source, _ in pairs),
        targets=Column.of(target for _, target in pairs),
        quantities=np.array(whole, dtype=np.int64 if fits else object),
        decimals=decimals,
    )


def mapping(code: str, stage: str, **fields: Any) -> MappingSpec:
    """A mapping; the method follows from the target and the driver unless it is given."""
    target = fields.setdefault("target", {})
    if "method" in fields:
        method = str(fields.pop("method"))
    elif "rates" in fields:
        method = "rate"
    elif "driver" in fields:
        method = "driver"
    elif "shares" in target:
        method = "fixed"
    elif {"object", "field", "out_of_scope", "retain"} & set(target):
        method = "direct"
    else:
        method = "even"
    portion = Decimal(fields.pop("portion", "100"))
    return MappingSpec(
        **{"code": code, "stage": stage, "method": method, "portion": portion, **fields}
    )


def a_run(
    members: Sequence[ObjectSpec],
    mappings: Sequence[MappingSpec],
    groups: LineGroups,
    *drivers: DriverTable,
    **fields: Any,
) -> RunInput:
    """The input of a run of January 2026 in euros."""
    return RunInput(
        **{
            "period": "2026-01",
            "currency": "EUR",
            "minor_digits": 2,
            "objects": members,
            "mappings": mappings,
            "groups": groups,
            "drivers": {one.code: one for one in drivers},
            **fields,
        }
    )


def to_pool(pool: str = "P1") -> MappingSpec:
    """Every line goes into one pool."""
    return mapping("to-pool", "line_to_pool", target={"object": pool})


def holding(result: RunResult, layer: str, code: str, measure: int = 0) -> Decimal:
    """What an object had, as an amount."""
    number = result.numbering.number(layer, code)
    assert number is not None
    units = int(result.balances.holding[measure, number])
    return from_units(units, result.precision[result.measures[measure]])


def at_consumers(result: RunResult, measure: int = 0) -> dict[str, Decimal]:
    """Every consumer's bill that is not zero."""
    members = result.numbering.layers["consumer"].objects
    bills = {one.code: holding(result, "consumer", one.code, measure) for one in members}
    return {code: bill for code, bill in bills.items() if bill}


def unallocated(result: RunResult, measure: int = 0) -> dict[tuple[str | None, str], Decimal]:
    """What stayed, by object and reason; zero entries left out."""
    digits = result.precision[result.measures[measure]]
    found: dict[tuple[str | None, str], Decimal] = {}
    for entry in result.entries:
        key = (result.numbering.code_of(entry.object_number), entry.reason)
        amount = from_units(entry.units[measure], digits)
        found[key] = EXACT.add(found.get(key, Decimal(0)), amount)
    return {key: amount for key, amount in found.items() if amount}
