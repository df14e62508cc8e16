"""Finds the header row of a table among the first rows, and names its columns."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# Whatever begins like an amount, a date or an instant is data and no name of a column.
_LOOKS_LIKE_DATA = re.compile(
    r"^[\s(+\-\u2212]*[^\w\s]{0,3}\s*\d[\d.,'\s\u00a0]*\)?%?-?$|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D.*)?$"
)
_MISSING_WORDS = frozenset({"", "null", "?", "none"})


@dataclass(frozen=True)
class Header:
    """Where the header is (index among the rows given; None: nowhere), its names, how sure."""

    index: int | None
    columns: tuple[str, ...]
    confidence: float


def find_header(
    rows: Sequence[Sequence[str]], known_columns: frozenset[str] = frozenset()
) -> Header:
    """The row that names the columns: as wide as the table, all text, no name twice.

    Preambles are narrower than the table they stand on. Without such a row the columns are
    numbered and the confidence is low.
    """
    width = table_width(rows)
    if width == 0:
        return Header(None, (), 0.0)
    best: tuple[float, int] | None = None
    for index, row in enumerate(rows):
        if known_columns and known_columns <= {_folded(cell) for cell in row}:
            return Header(index, column_names(row), 1.0)
        score = _header_score(row, width, known_columns)
        if score > 0 and (best is None or score > best[0] + 0.2):
            best = (score, index)
    if best is None:
        return Header(None, column_names([""] * width), 0.2)
    score, index = best
    return Header(index, column_names(rows[index]), min(1.0, score))


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
    for place, cell in enumerate(header, start=1):
        printable = "".join(letter if letter.isprintable() else " " for letter in cell)
        base = " ".join(printable.split())[:200] or f"column_{place}"
        name, again = base, 2
        while name in taken:
            name, again = f"{base}_{again}", again + 1
        taken.add(name)
        names.append(name)
    return tuple(names)


def _folded(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _header_score(row: Sequence[str], width: int, known: frozenset[str]) -> float:
    cells = [" ".join(cell.split()) for cell in row]
    named = [cell for cell in cells if cell.casefold() not in _MISSING_WORDS]
    if not named or any(_LOOKS_LIKE_DATA.match(cell) for cell in named):
        return 0.0
    # A trailing delimiter makes data one cell wider than their header, or the header wider.
    if abs(len(cells) - width) > 1 or len(named) < max(1, 0.6 * min(width, len(cells))):
        return 0.0
    distinct = len({cell.casefold() for cell in named}) / len(named)
    full = len(named) / max(width, len(cells))
    short = sum(1 for cell in named if len(cell) <= 60) / len(named)
    found = sum(1 for cell in named if cell.casefold() in known)
    bonus = 0.5 * found / len(known) if known else 0.0
    return 0.5 * distinct * short + 0.5 * full * distinct + bonus
