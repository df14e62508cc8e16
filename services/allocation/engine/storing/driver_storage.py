"""The quantities of a run's drivers as chunks and back: all drivers in one file, one by one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from services.allocation.engine.columns import Column
from services.allocation.engine.model import DriverTable
from services.allocation.engine.storing.leg_storage import Chunk, Stored
from services.allocation.engine.storing.parquet import (
    as_array,
    as_column,
    is_whole_number,
    read_chunks,
    write_table,
)

QUANTITIES = NARROW, WIDE = "input.quantities", "input.wide_quantities"
ENCODED = ("source", "target")


def driver_head(table: DriverTable) -> dict[str, object]:
    """What the head of a run's input says of a driver."""
    return {
        "code": table.code,
        "basis": table.basis,
        "decimals": table.decimals,
        "rows": len(table),
        "is_wide": _is_wide(table),
    }


def dump_drivers(tables: Sequence[DriverTable]) -> Iterator[Chunk]:
    """The rows of all drivers in their order; those with quantities beyond int64 apart, as text."""
    for name, is_wide in ((NARROW, False), (WIDE, True)):
        members = [table for table in tables if _is_wide(table) == is_wide]
        if members:
            for position, content in enumerate(write_table(_joined(members), ENCODED)):
                yield Chunk(name, position, content)


def load_drivers(heads: Sequence[Mapping[str, Any]], stored: Stored) -> list[DriverTable]:
    """The drivers of such chunks, in the order of their heads.

    Runs of the first format have a file of its own for every driver.
    """
    rows = {name: _Rows(stored[name]) for name in QUANTITIES if name in stored}
    return [
        rows[WIDE if head["is_wide"] else NARROW].take(head)
        if "rows" in head
        else _load_alone(head, stored[f"input.driver.{place}"])
        for place, head in enumerate(heads)
    ]


def _load_alone(head: Mapping[str, Any], chunks: Sequence[bytes]) -> DriverTable:
    columns = read_chunks(chunks)
    whole = {"rows": len(columns["quantity"]), "is_wide": not is_whole_number(columns["quantity"])}
    return _Rows(chunks).take({**head, **whole})


class _Rows:
    """The rows of many drivers, handed out driver by driver."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        columns = read_chunks(chunks, ENCODED)
        self._sources = as_column(columns["source"]).in_order_of_values()
        self._targets = as_column(columns["target"]).in_order_of_values()
        self._quantities = columns["quantity"]
        self._next = 0

    def take(self, head: Mapping[str, Any]) -> DriverTable:
        stretch = slice(self._next, self._next + head["rows"])
        self._next = stretch.stop
        quantities = self._quantities[stretch]
        return DriverTable(
            code=head["code"],
            basis=head["basis"],
            decimals=head["decimals"],
            sources=self._sources.only(stretch),
            targets=self._targets.only(stretch),
            quantities=_whole(quantities) if head["is_wide"] else as_array(quantities, np.int64),
        )


def _is_wide(table: DriverTable) -> bool:
    return table.quantities.dtype == object


def _joined(tables: Sequence[DriverTable]) -> Any:
    import pyarrow as pa

    kind = pa.string() if _is_wide(tables[0]) else pa.int64()
    quantities = [
        pa.array(list(map(str, one.quantities)) if _is_wide(one) else one.quantities, kind)
        for one in tables
    ]
    return pa.table(
        {
            "source": pa.chunked_array([_encoded(one.sources) for one in tables]),
            "target": pa.chunked_array([_encoded(one.targets) for one in tables]),
            "quantity": pa.chunked_array(quantities, kind),
        }
    ).unify_dictionaries()


def _encoded(column: Column) -> Any:
    import pyarrow as pa

    codes = pa.array(column.codes, pa.int32(), mask=column.codes < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(column.values, pa.string()))


def _whole(texts: Any) -> Any:
    return np.array([int(text) for text in texts.to_pylist()], dtype=object)
