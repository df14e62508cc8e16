"""Rows of a source as lines of NDJSON: flat, exact, and with hashes to know them again by."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

HASH_BYTES = 16
EXTERNAL_ID = "external_id"
_write = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class PackedRows:
    """NDJSON, and 16 bytes a row: of the whole line, and of its key (empty without a key)."""

    lines: bytes
    hashes: bytes
    keys: bytes
    count: int


def pack_rows(
    rows: Sequence[Mapping[str, Any]], key: Sequence[str], *, name_them: bool = False
) -> PackedRows:
    """Rows in their order. A row without a value in its key is like no other.

    `name_them` adds a column `external_id` made of the key where a row has none.
    """
    lines, hashes, keys = [], [], []
    for row in rows:
        cells = dict(flat(row))
        parts = _key_of(cells, key)
        if name_them and parts is not None and EXTERNAL_ID not in cells:
            cells[EXTERNAL_ID] = "|".join(parts)
        line = _bytes_of(cells)
        lines.append(line)
        hashes.append(_hash(line, b"row"))
        keys.append(os.urandom(HASH_BYTES) if parts is None else _hash(_bytes_of(parts), b"key"))
    packed = b"".join(line + b"\n" for line in lines)
    return PackedRows(packed, b"".join(hashes), b"".join(keys) if key else b"", len(lines))


def flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The cells of a row: objects within it become columns such as `cost.amount`."""
    for name, value in row.items():
        kind = type(value)
        if kind is str or value is None:  # nearly all cells: this is the way that must be short
            yield prefix + name, value
        elif kind is dict or isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, as_json(value)


def as_json(value: Any) -> Any:
    """A value that JSON holds exactly: decimals become text without an exponent."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        raise TypeError("a float has lost what it was; read numbers as Decimal")
    if isinstance(value, Mapping):
        return {str(name): as_json(inner) for name, inner in value.items()}
    return [as_json(inner) for inner in value]


def _key_of(cells: Mapping[str, Any], key: Sequence[str]) -> list[str] | None:
    values = [cells.get(name) for name in key]
    if not key or any(value is None or value == "" for value in values):
        return None
    return [value if isinstance(value, str) else str(_bytes_of(value), "utf-8") for value in values]


def _bytes_of(value: Any) -> bytes:
    return _write(value).encode("utf-8", "replace")


def _hash(content: bytes, purpose: bytes) -> bytes:
    return blake2b(content, digest_size=HASH_BYTES, key=purpose).digest()
