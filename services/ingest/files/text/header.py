"""Finds the header row of a table among the first rows, and names its columns."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.ingest.values.dates import read_date
from services.ingest.values.decimals import read_decimal
from services.ingest.values.fault import Fault
from services.ingest.values.missing import is_missing

# A header stands among the first rows, below whatever titles a report has.
_FIRST_ROWS = 150
_ROWS_LOOKED_AT = 30
_HALF = 0.5
_MOST = 0.6
_LONGEST_NAME = 60
_CURRENCY_BEHIND = re.compile(r" [a-z]{3}$")
_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Header:
    """Where the header ends (index among the rows given; None: nowhere), its names, how sure.

    `lines` is 2 where the names stand in two rows, the last of which is `index`.
    """

    index: int | None
    columns: tuple[str, ...]
    confidence: float
    lines: int = 1


def find_header(
    rows: Sequence[Sequence[str]],
    known_columns: frozenset[str] = frozenset(),
    vocabulary: frozenset[str] = frozenset(),
) -> Header:
    """The row that names the columns: as wide as the table, all text, right above the values.

    Preambles are narrower than the table they stand on, or do not stand right above it. A row that
    has all `known_columns` is the header; `vocabulary` holds names that headers often have, as
    `plain_name` gives them, and decides between rows that look alike. Without such a row the
    columns are numbered and the confidence is low.
    """
    width = table_width(rows)
    if width == 0:
        return Header(None, (), 0.0)
    known = _with_known_columns(rows, known_columns, vocabulary)
    if known is not None:
        return known
    first_values = _first_row_of_values(rows, width)
    best: tuple[float, int] | None = None
    for index, row in enumerate(rows[: _FIRST_ROWS if first_values is None else first_values]):
        score = _looks_like_header(row, width)
        if score <= 0:
            continue
        score += _HALF * _share_known(row, vocabulary)
        if first_values is not None and _is_right_above(rows, index, first_values):
            score += 0.25
        if best is None or score > best[0] + (0 if first_values is not None else 0.2):
            best = (score, index)
    if best is None:
        return Header(None, column_names([""] * width), 0.2)
    return _with_line_below(rows, best[1], min(1.0, best[0]), vocabulary)


def _with_known_columns(
    rows: Sequence[Sequence[str]], known_columns: frozenset[str], vocabulary: frozenset[str]
) -> Header | None:
    if not known_columns:
        return None
    for index, row in enumerate(rows[:_FIRST_ROWS]):
        below = rows[index + 1] if index + 1 < len(rows) else []
        second = _is_second_line(row, below, vocabulary)
        for names in (row, _joined(row, below) if second else row):
            if known_columns <= {_folded(cell) for cell in names}:
                lines = 2 if second else 1
                return Header(index + lines - 1, column_names(names), 1.0, lines)
    return None


def _first_row_of_values(rows: Sequence[Sequence[str]], width: int) -> int | None:
    """The first row with values where most rows of the table have some; None: all is text."""
    wide = [(index, row) for index, row in enumerate(rows) if _fits(row, width)]
    last = [row for _, row in wide if len(row) == width][-_ROWS_LOOKED_AT:]
    columns = [
        place
        for place in range(width)
        if (filled := [row[place] for row in last if place < len(row) and row[place].strip()])
        and sum(map(is_value, filled)) >= _HALF * len(filled)
        and len(filled) >= _HALF * len(last)
    ]
    if not columns:
        return None
    for index, row in wide:
        values = sum(1 for place in columns if place < len(row) and is_value(row[place]))
        if values >= _HALF * len(columns):
            return index
    return None


@lru_cache(maxsize=10_000)
def is_value(cell: str) -> bool:
    """Whether a cell is an amount, a date or an instant: data, and no name of a column."""
    text = cell.strip()
    if not any(letter.isdigit() for letter in text) or len(text) > _LONGEST_NAME:
        return False
    for found in (read_decimal(text), read_date(text)):
        if not isinstance(found, Fault) or found.code.startswith(("ambiguous", "too_many")):
            return True
    return False


def _fits(row: Sequence[str], width: int) -> bool:
    """A trailing delimiter makes data one cell wider than their header, or the header wider."""
    return abs(len(row) - width) <= 1 and any(cell.strip() for cell in row)


def _is_right_above(rows: Sequence[Sequence[str]], index: int, first_values: int) -> bool:
    return not any(any(cell.strip() for cell in row) for row in rows[index + 1 : first_values])


def _share_known(row: Sequence[str], vocabulary: frozenset[str]) -> float:
    named = [plain_name(cell) for cell in row if cell.strip()]
    if not named or not vocabulary:
        return 0.0
    # A currency behind a name does not count: `Amount (GBP)`.
    bare = [_CURRENCY_BEHIND.sub("", name) for name in named]
    known = [
        name in vocabulary or other in vocabulary for name, other in zip(named, bare, strict=True)
    ]
    return sum(known) / len(named)


def _with_line_below(
    rows: Sequence[Sequence[str]], index: int, confidence: float, vocabulary: frozenset[str]
) -> Header:
    """The header, with the row above or below it where both are rows of names.

    Reports head columns with two rows, or with technical names below readable ones. The reading
    that knows most of the names is taken, and neither row is a row of the table. A header that
    stands twice is its first row; the second is a row of the table, to be rejected.
    """
    while index and _same_names(rows[index - 1], rows[index]):
        index -= 1
    for above in (index, index - 1):
        if above < 0 or above + 1 >= len(rows):
            continue
        upper, lower = rows[above], rows[above + 1]
        if not _is_second_line(upper, lower, vocabulary):
            continue
        readings = [upper, _joined(upper, lower), lower]
        shares = [_share_known(reading, vocabulary) for reading in readings]
        names = readings[shares.index(max(shares))]
        lines = 1 if names is lower else 2
        return Header(above + 1, column_names(names), min(confidence, 0.8), lines)
    return Header(index, column_names(rows[index]), confidence)


def _is_second_line(above: Sequence[str], below: Sequence[str], vocabulary: frozenset[str]) -> bool:
    """Whether the lower of two rows is made of known names, alone or with those above it.

    A row of unreadable values is none: it must be rejected, not taken for names.
    """
    if len(above) != len(below) or any(is_value(cell) for cell in above):
        return False
    if _same_names(above, below):
        return False
    if _looks_like_header(below, len(below)) <= 0:
        return False
    alone = _share_known(below, vocabulary)
    both = _share_known(_joined(above, below), vocabulary)
    return alone >= _MOST or (both >= _HALF and both > _share_known(above, vocabulary))


def _same_names(row: Sequence[str], other: Sequence[str]) -> bool:
    return [*map(_folded, row)] == [*map(_folded, other)]


def _joined(above: Sequence[str], below: Sequence[str]) -> list[str]:
    return [
        f"{one.strip()} {other.strip()}".strip() for one, other in zip(above, below, strict=False)
    ]


def table_width(rows: Sequence[Sequence[str]]) -> int:
    """How many columns most rows have; among equals the wider table.

    Rows of one cell are titles as long as there are wider rows.
    """
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    wide = {width: count for width, count in widths.items() if width > 1} or widths
    return max(wide, key=lambda width: (wide[width], width)) if wide else 0


def column_names(header: Sequence[str]) -> tuple[str, ...]:
    """Trimmed names, each once: blank ones are numbered, repeated ones get `_2`, `_3`."""
    names: list[str] = []
    taken: set[str] = set()
    counted: dict[str, int] = {}  # counting on from there keeps many equal names fast
    for place, cell in enumerate(header, start=1):
        printable = "".join(letter if letter.isprintable() else " " for letter in cell)
        base = " ".join(printable.split())[:200] or f"column_{place}"
        name, again = base, counted.get(base, 2)
        while name in taken:
            name, again = f"{base}_{again}", again + 1
        counted[base] = again
        taken.add(name)
        names.append(name)
    return tuple(names)


@lru_cache(maxsize=10_000)
def plain_name(name: str) -> str:
    """A name without case, accents, blanks and punctuation: `Net_Amount (GBP)`: net amount gbp."""
    folded = " ".join(name.split()).casefold()
    spaced = "".join(letter if letter.isalnum() else " " for letter in folded)
    if not spaced.isascii():
        parts = unicodedata.normalize("NFD", spaced)
        spaced = "".join(letter for letter in parts if unicodedata.category(letter) != "Mn")
    return " ".join(spaced.split())


def words_apart(name: str) -> str:
    """A name with blanks between words that only capitals part: `NetAmount`: Net Amount."""
    return _WORD_BEGINS.sub(" ", name)


def _folded(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _looks_like_header(row: Sequence[str], width: int) -> float:
    """How much a row looks like names, from 0 to 1: no values, nothing twice, nothing missing."""
    cells = [" ".join(cell.split()) for cell in row]
    named = [cell for cell in cells if not is_missing(cell) and cell.casefold() != "none"]
    if not named or any(is_value(cell) for cell in named):
        return 0.0
    if not _fits(row, width) or len(named) < max(1, _MOST * min(width, len(cells))):
        return 0.0
    distinct = len({cell.casefold() for cell in named}) / len(named)
    full = len(named) / max(width, len(cells))
    short = sum(1 for cell in named if len(cell) <= _LONGEST_NAME) / len(named)
    return _HALF * distinct * short + _HALF * full * distinct
