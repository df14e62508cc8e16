"""A finished run as named byte chunks and back: its inputs, its flows, its balances.

Inputs and flows are Parquet, the rest is JSON. What is loaded answers traces, flows and replays
exactly as the run that was stored.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import numpy as np

from services.allocation.engine.fingerprint import canonical_json
from services.allocation.engine.lines.classification import Classified, make_segments, segment_keys
from services.allocation.engine.lines.conversion import Unconverted
from services.allocation.engine.lines.grouping import canonical_groups, keep_groups
from services.allocation.engine.model import (
    Finding,
    LineGroups,
    MappingSpec,
    ObjectSpec,
    OwnAmount,
    RunInput,
    StageSetting,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import (
    Accuracy,
    Balances,
    RunResult,
    Totals,
    UnallocatedEntry,
)
from services.allocation.engine.rules.order import leaving
from services.allocation.engine.storing.driver_storage import (
    driver_head,
    dump_drivers,
    load_drivers,
)
from services.allocation.engine.storing.leg_storage import (
    Chunk,
    Stored,
    dump_leg,
    load_legs,
    parquet_chunks,
)
from services.allocation.engine.storing.parquet import (
    Content,
    as_array,
    as_column,
    read_chunks,
)

FORMAT = 2
BALANCE_ARRAYS = ("own", "received", "passed_on", "retained", "unallocated", "touched")


def dump_run(taken: RunInput, result: RunResult) -> Iterator[Chunk]:
    """The chunks of a run: `input.*` is what it took, `output.*` what it gave."""
    yield from dump_input(taken)
    summary = {
        "format": FORMAT,
        "precision": result.precision,
        "totals": {measure: asdict(total) for measure, total in result.totals.items()},
        "accuracy": asdict(result.accuracy),
        "findings": [asdict(finding) for finding in result.findings],
        "unconverted": [asdict(one) for one in result.unconverted],
        "entries": [_entry_row(entry) for entry in result.entries],
        "fingerprint": result.fingerprint,
        "output_hash": result.output_hash,
        "pools_with_own": result.segments.pools_with_own.tolist(),
        "timings_ms": result.timings_ms,
    }
    yield Chunk("output.summary", 0, canonical_json(summary))
    groups: dict[str, Content] = {
        "units": result.group_units,
        "pool": result.classified.pool,
        "mapping": result.classified.mapping,
    }
    yield from parquet_chunks("output.groups", groups)
    balances: dict[str, Content] = {
        f"{name}.{place}": getattr(result.balances, name)[place]
        for name in BALANCE_ARRAYS
        for place in range(len(result.measures))
    }
    yield from parquet_chunks("output.balances", balances)
    for leg in result.legs:
        yield from dump_leg(leg)


def dump_input(taken: RunInput) -> Iterator[Chunk]:
    """The chunks of a run's input."""
    head = {
        "format": FORMAT,
        "period": taken.period,
        "scenario": taken.scenario,
        "currency": taken.currency,
        "minor_digits": taken.minor_digits,
        "measures": taken.measures,
        "on_missing_rate": taken.on_missing_rate,
        "rate_kind": taken.rate_kind,
        "emission_basis": taken.emission_basis,
        "stages": {name: vars(setting) for name, setting in taken.stages.items()},
        "rates": taken.rates,
        "objects": [vars(one) for one in taken.objects],
        "mappings": [vars(one) for one in taken.mappings],
        "own_amounts": [vars(one) for one in taken.own_amounts],
        "drivers": [driver_head(one) for one in taken.drivers.values()],
        "line_decimals": taken.groups.decimals,
        "line_keys": sorted(taken.groups.columns),
    }
    yield Chunk("input.head", 0, canonical_json(head))
    groups = taken.groups
    columns: dict[str, Content] = {
        f"line.{key}": column for key, column in sorted(groups.columns.items())
    }
    sums: dict[str, Content] = {
        "amount": [str(amount) for amount in groups.amounts],
        "gross": [str(amount) for amount in groups.gross],
        "lines": groups.line_counts,
    }
    yield from parquet_chunks("input.groups", {"currency": groups.currency, **columns, **sums})
    yield from dump_drivers(list(taken.drivers.values()))


def load_input(stored: Stored, *, with_drivers: bool = True) -> RunInput:
    """The input of a stored run, for a replay, a comparison or a simulation."""
    head = json.loads(stored["input.head"][0])
    groups = read_chunks(stored["input.groups"])
    lines = LineGroups(
        currency=as_column(groups["currency"]),
        columns={key: as_column(groups[f"line.{key}"]) for key in head["line_keys"]},
        amounts=[int(text) for text in groups["amount"].to_pylist()],
        gross=[int(text) for text in groups["gross"].to_pylist()],
        line_counts=as_array(groups["lines"], np.int64),
        decimals=head["line_decimals"],
    )
    drivers = load_drivers(head["drivers"], stored) if with_drivers else []
    return RunInput(
        period=head["period"],
        scenario=head["scenario"],
        currency=head["currency"],
        minor_digits=head["minor_digits"],
        measures=tuple(head["measures"]),
        on_missing_rate=head["on_missing_rate"],
        rate_kind=head.get("rate_kind", "average"),
        emission_basis=head.get("emission_basis", "location"),
        stages={name: StageSetting(**one) for name, one in head.get("stages", {}).items()},
        rates={code: Decimal(rate) for code, rate in head["rates"].items()},
        objects=list(map(_object_of, head["objects"])),
        mappings=[
            MappingSpec(**{**one, "portion": Decimal(one["portion"])}) for one in head["mappings"]
        ],
        own_amounts=[
            OwnAmount(**{**one, "amount": Decimal(one["amount"])}) for one in head["own_amounts"]
        ],
        groups=lines,
        drivers={driver.code: driver for driver in drivers},
    )


def _object_of(fields: Mapping[str, Any]) -> ObjectSpec:
    """A stored object, made past its constructor: that takes most of the time for 50,000."""
    made = object.__new__(ObjectSpec)
    made.__dict__.update(fields)
    return made


def load_run(stored: Stored) -> RunResult:
    """A stored run, able to answer what the fresh one answers."""
    taken = load_input(stored, with_drivers=False)
    summary = json.loads(stored["output.summary"][0])
    numbering = Numbering(taken.objects, taken.period)
    rows = read_chunks(stored["output.groups"])
    groups = _convertible(canonical_groups(taken.groups), summary["unconverted"])
    pool = as_array(rows["pool"], np.int32)
    line_mappings = leaving("line", taken.mappings, taken.period)
    classified = Classified(line_mappings, pool, as_array(rows["mapping"], np.int32), ())
    balances = _load_balances(stored["output.balances"], len(taken.measures))
    segments = make_segments(
        groups,
        pool,
        numbering,
        segment_keys(taken.mappings, taken.period),
        np.array(summary["pools_with_own"], dtype=np.int32),
    )
    places = {"pool": segments.pool}
    for layer in ("resource", "solution"):
        members = numbering.layers[layer]
        places[layer] = np.arange(members.first, members.first + len(members), dtype=np.int32)
    return RunResult(
        period=taken.period,
        scenario=taken.scenario,
        currency=taken.currency,
        measures=taken.measures,
        rates=taken.rates,
        precision=summary["precision"],
        numbering=numbering,
        groups=groups,
        group_units=as_array(rows["units"], np.int64),
        classified=classified,
        segments=segments,
        legs=[
            leg
            for layer, object_of in places.items()
            for leg in load_legs(layer, object_of, taken, stored)
        ],
        balances=balances,
        entries=[_load_entry(row) for row in summary["entries"]],
        totals={name: Totals(**_decimals(row)) for name, row in summary["totals"].items()},
        accuracy=Accuracy(**_decimals(summary["accuracy"])),
        findings=[Finding(**row) for row in summary["findings"]],
        unconverted=[
            Unconverted(one["currency"], Decimal(one["amount"]), one["lines"])
            for one in summary["unconverted"]
        ],
        fingerprint=summary["fingerprint"],
        output_hash=summary["output_hash"],
        timings_ms=summary["timings_ms"],
    )


def _load_balances(chunks: Sequence[bytes], measures: int) -> Balances:
    columns = read_chunks(chunks)
    arrays = {
        name: np.stack(
            [
                as_array(columns[f"{name}.{m}"], np.bool_ if name == "touched" else np.int64)
                for m in range(measures)
            ]
        )
        for name in BALANCE_ARRAYS
    }
    return Balances(**arrays)


def _convertible(groups: LineGroups, set_aside: Sequence[Mapping[str, Any]]) -> LineGroups:
    """The groups without those whose currency had no rate."""
    aside = {one["currency"] for one in set_aside}
    texts = groups.currency.texts()
    rows = np.array([row for row, code in enumerate(texts) if code not in aside], dtype=np.int64)
    return keep_groups(groups, rows)


def _decimals(row: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in row.items()}


def _entry_row(entry: UnallocatedEntry) -> list[object]:
    units = list(entry.units)
    return [entry.object_number, entry.reason, entry.mapping, entry.unknown_code, units]


def _load_entry(row: Sequence[Any]) -> UnallocatedEntry:
    return UnallocatedEntry(*row)
