"""What was found out about a file, and the batches of rows that come out of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

#: Formats whose numbers are typed, so that their text always has a decimal point.
TYPED_FORMATS = frozenset({"xlsx", "xlsb", "xls", "ods", "parquet", "ndjson"})


@dataclass(frozen=True)
class ReadHints:
    """What the caller's profile says about a file; None means: find out.

    `known_columns` are names that the header has, `vocabulary` names that headers often have.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    skip_rows: int = 0
    known_columns: frozenset[str] = frozenset()
    vocabulary: frozenset[str] = frozenset()
    sheet: str | None = None


@dataclass(frozen=True)
class Detected:
    """What the content says. `header_row` counts records from 1; None: the file has no header.

    `header_lines` is 2 where the names stand in two rows, of which `header_row` is the last.
    `other_sheets` are the filled visible sheets of a workbook that were not read.
    """

    format: str
    columns: tuple[str, ...]
    compression: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    header_lines: int = 1
    float_columns: tuple[str, ...] = ()
    confidence: float = 1.0
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()

    @property
    def typed(self) -> bool:
        """Whether numbers arrive typed, so that no decimal comma can be meant."""
        return self.format in TYPED_FORMATS


@dataclass(frozen=True)
class MalformedRow:
    """A row that cannot be laid over the columns: its number, why, and its text as received."""

    row: int
    message: str
    raw: str
    code: str = "malformed_row"


@dataclass(frozen=True)
class RowBatch:
    """Rows as received: `numbers` are their places in the file, every cell is text or null."""

    numbers: pl.Series
    cells: pl.DataFrame
    malformed: tuple[MalformedRow, ...] = ()


@dataclass(frozen=True)
class Table:
    """A readable file: what it is, and its rows. `batches` may be iterated once.

    `trailer` fills at the end of that: what stands below the table and is no row of it.
    """

    detected: Detected
    batches: Iterator[RowBatch] = field(repr=False)
    trailer: list[MalformedRow] = field(default_factory=list)
