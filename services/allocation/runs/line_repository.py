"""The SQL that reads every line of a run: row by row of its groups, ids and amounts packed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from services.allocation.engine.columns import Column
from services.allocation.engine.model import Int64s
from services.allocation.runs.copied_text import as_whole_numbers, decimal_type, read_csv
from shared.database import raw_connection
from shared.derived_drivers import Facts
from shared.line_fields import LIVE_LINES, line_field_sql

WORKING_MEMORY = "64MB"


@dataclass(frozen=True)
class GroupedLines:
    """Lines in rows of equal currency and fields: row i has the next `counts[i]` lines.

    Per line its id as two numbers and its amount, a whole number of 10^-decimals.
    """

    currency: Column
    columns: Mapping[str, Column]
    counts: Int64s
    ids: NDArray[np.uint64]
    amounts: NDArray[Any]
    decimals: int


def read_lines(session: Session, facts: Facts, keys: Sequence[str]) -> GroupedLines:
    """All lines of a period by their currency and these fields."""
    read = [line_field_sql(key, f"k{place}") for place, key in enumerate(keys)]
    fields = "".join(f"{expression}, " for expression, _ in read)
    places = ", ".join(str(place + 1) for place in range(len(keys) + 1))
    statement = (
        f"select l.currency, {fields} count(*), max(scale(trim_scale(l.amount))),"
        " string_agg(uuid_send(l.id), ''), string_agg(cast(trim_scale(l.amount) as text), E'\\n')"
        f" from cost_line l where {LIVE_LINES} group by {places}"
    )
    bound = facts.bound() | {name: value for _, names in read for name, value in names.items()}
    with raw_connection(session).cursor(binary=True) as cursor:
        cursor.execute(f"select set_config('work_mem', '{WORKING_MEMORY}', true)")
        rows = cursor.execute(_for_psycopg(statement), bound).fetchall()
    columns = list(zip(*rows, strict=True)) or [() for _ in range(len(keys) + 5)]
    counts, digits, ids, amounts = columns[-4:]
    decimals = max(digits, default=0)
    return GroupedLines(
        currency=Column.of(columns[0]),
        columns={key: Column.of(columns[place + 1]) for place, key in enumerate(keys)},
        counts=np.array(counts, dtype=np.int64),
        ids=np.frombuffer(b"".join(ids), dtype=">u8").astype(np.uint64).reshape(-1, 2),
        amounts=_parsed(amounts, decimals),
        decimals=decimals,
    )


def _for_psycopg(statement: str) -> str:
    """The same statement with psycopg's own placeholders."""
    return re.sub(r"(?<!:):([a-z_0-9]+)", r"%(\1)s", statement)


def _parsed(texts: Sequence[str], decimals: int) -> NDArray[Any]:
    """Amounts, a line of text each, as whole numbers of 10^-decimals."""
    if not texts:
        return np.empty(0, dtype=np.int64)
    kinds = {"amount": decimal_type(decimals)}
    found: NDArray[Any] = as_whole_numbers(read_csv("\n".join(texts), kinds).column("amount"))
    return found
