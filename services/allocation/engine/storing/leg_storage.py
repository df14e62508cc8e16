"""What left a layer or moved inside it, as chunks and back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.allocation.engine.fingerprint import canonical_json
from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.flows.patterns import Patterns
from services.allocation.engine.model import Int32s, Int64s, MappingSpec, RunInput
from services.allocation.engine.rules.order import leaving, within
from services.allocation.engine.splitting.split import Rows
from services.allocation.engine.storing.parquet import (
    Content,
    as_array,
    fill_array,
    read_chunks,
    write_chunks,
)


@dataclass(frozen=True)
class Chunk:
    """A piece of a stored run; pieces of one name stand in the order of `position`."""

    name: str
    position: int
    content: bytes


Stored = Mapping[str, Sequence[bytes]]


def parquet_chunks(name: str, columns: Mapping[str, Content]) -> Iterator[Chunk]:
    """Columns as chunks of one name."""
    for position, content in enumerate(write_chunks(columns)):
        yield Chunk(name, position, content)


def dump_leg(leg: Leg) -> Iterator[Chunk]:
    """The chunks of one leg."""
    name, patterns = _leg_name(leg.layer, within=leg.within), leg.patterns
    amounts = {"holding": leg.holding, "retained": leg.retained, "unallocated": leg.unallocated}
    yield from parquet_chunks(
        f"{name}.sources",
        {f"{kind}.{m}": line for kind, lines in amounts.items() for m, line in enumerate(lines)},
    )
    head: dict[str, Content] = {
        "first": patterns.firsts[:-1],
        "grade": patterns.grades,
        "decimals": patterns.decimals,
    }
    yield from parquet_chunks(f"{name}.patterns", head)
    edges: dict[str, Content] = {"target": patterns.targets, "weight": patterns.weights}
    yield from parquet_chunks(f"{name}.weights", edges)
    yield Chunk(f"{name}.big", 0, canonical_json({str(k): v for k, v in patterns.big.items()}))
    rows: dict[str, Content] = {
        "source": leg.source,
        "mapping": leg.mapping,
        "pattern": leg.pattern,
    }
    yield from parquet_chunks(f"{name}.rows", rows)
    yield from parquet_chunks(f"{name}.flows", {str(m): line for m, line in enumerate(leg.parts)})
    yield from parquet_chunks(f"{name}.shape_rows", {"row": leg.shape_row})
    yield from parquet_chunks(f"{name}.shape_flows", {"part": leg.shape_parts[0]})


def _leg_name(layer: str, *, within: bool) -> str:
    return f"output.{layer}_within" if within else f"output.{layer}"


def load_legs(layer: str, object_of: Int32s, taken: RunInput, stored: Stored) -> Iterator[Leg]:
    """The legs of one layer: that of its same-layer stage, if it had one, and what left it."""
    if f"{_leg_name(layer, within=True)}.rows" in stored:
        inside = within(layer, taken.mappings, taken.period)
        yield _load_leg(layer, inside, object_of, taken, stored, within=True)
    onward = leaving(layer, taken.mappings, taken.period)
    yield _load_leg(layer, onward, object_of, taken, stored, within=False)


def _load_leg(
    layer: str,
    mappings: Sequence[MappingSpec],
    object_of: Int32s,
    taken: RunInput,
    stored: Stored,
    *,
    within: bool,
) -> Leg:
    """The leg of such chunks; `taken` is the run's input."""
    name, measures = _leg_name(layer, within=within), len(taken.measures)
    patterns = _load_patterns(name, stored)
    rows = read_chunks(stored[f"{name}.rows"])
    pattern = as_array(rows["pattern"], np.int32)
    stretches = Rows.sharing(patterns.firsts[pattern], patterns.firsts[pattern + 1])
    shape_row = as_array(read_chunks(stored[f"{name}.shape_rows"])["row"], np.int64)
    shape_flows = read_chunks(stored[f"{name}.shape_flows"])
    sources = read_chunks(stored[f"{name}.sources"])
    return Leg(
        layer=layer,
        mappings=mappings,
        object_of=object_of,
        holding=_lines(sources, "holding.", measures + 1),
        retained=_lines(sources, "retained.", measures + 1),
        unallocated=_lines(sources, "unallocated.", measures + 1),
        patterns=patterns,
        source=as_array(rows["source"], np.int32),
        mapping=as_array(rows["mapping"], np.int32),
        pattern=pattern,
        rows=stretches,
        parts=_lines(read_chunks(stored[f"{name}.flows"]), "", measures),
        shape_row=shape_row,
        shape_rows=Rows.sharing(stretches.firsts[shape_row], stretches.lasts[shape_row]),
        shape_parts=as_array(shape_flows["part"], np.int64)[np.newaxis],
        within=within,
    )


def _load_patterns(name: str, stored: Stored) -> Patterns:
    head = read_chunks(stored[f"{name}.patterns"])
    edges = read_chunks(stored[f"{name}.weights"])
    targets = as_array(edges["target"], np.int32)
    big = json.loads(stored[f"{name}.big"][0])
    return Patterns(
        firsts=np.append(as_array(head["first"], np.int64), len(targets)),
        targets=targets,
        weights=as_array(edges["weight"], np.int64),
        grades=as_array(head["grade"], np.int8),
        decimals=as_array(head["decimals"], np.int8),
        big={int(number): weights for number, weights in big.items()},
    )


def _lines(columns: Mapping[str, Any], prefix: str, count: int) -> Int64s:
    """Columns prefix0, prefix1, ... as the lines of one array."""
    out = np.empty((count, len(columns[f"{prefix}0"])), dtype=np.int64)
    for m in range(count):
        fill_array(out[m], columns[f"{prefix}{m}"])
    return out
