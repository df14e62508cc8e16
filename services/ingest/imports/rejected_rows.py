"""The rejected rows of a file as a table to mend: what is wrong with each, and all its cells."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from sqlmodel import Session

from services.ingest.files.detected import RowBatch
from services.ingest.files.problems import too_large
from services.ingest.files.reader import open_table, quick_check
from services.ingest.imports import repository
from services.ingest.imports.parsing import profile_from_rules
from services.ingest.profiles.domain import Profile
from services.ingest.profiles.hints import hints_of
from shared.contracts.ingest.imports import RetryItem
from shared.database import new_session
from shared.errors import RuleBroken
from shared.files import copy_file, get_file
from shared.tables.ingest.imports import DataImport, ImportReject

REASON_COLUMNS = ("row", "column", "code", "message", "raw")
#: So many mended rows are taken in one file.
MOST_MENDED = 50_000
_CHUNK_BYTES = 1 << 20
_MOST_DIGITS = 15
# What downloads put before text that a spreadsheet would take for a formula.
_GUARDED = ("'=", "'+", "'-", "'@", "'\t", "'\r")


def rows_to_mend(row: DataImport) -> tuple[Sequence[str], Iterator[tuple[Any, ...]]]:
    """Columns and rows of the table: the reasons of a row joined in one, then its own cells."""
    columns = tuple(row.detected.get("columns") or ())
    return (*REASON_COLUMNS, *columns), _with_cells(row.id, columns)


def _with_cells(import_id: UUID, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    with new_session() as session:
        row = repository.get_import(session, import_id)
        with _batches(session, row) as batches:
            finder = _CellFinder(batches, columns)
            rejects = repository.rejects_by_row(session, import_id)
            for number, group in groupby(rejects, key=attrgetter("row_no")):
                reasons = list(group)
                yield (number, *_reasons(reasons), *finder.cells_of(number))


def _reasons(rejects: Sequence[ImportReject]) -> tuple[str, ...]:
    return tuple(
        " | ".join(dict.fromkeys(getattr(reject, name) or "" for reject in rejects))
        for name in ("column_name", "code", "message", "raw")
    )


@contextmanager
def _batches(session: Session, row: DataImport) -> Iterator[Iterator[RowBatch]]:
    profile = profile_from_rules(row.parameters.get("rules"), row.profile)
    with tempfile.TemporaryDirectory(prefix="btim-rejects-") as folder:
        path = Path(folder) / "upload"
        copy_file(session, get_file(session, row.file_id), path)
        with open_table(path, hints_of(profile or Profile(row.kind, {}))) as table:
            yield table.batches


class _CellFinder:
    """Finds the cells of rows asked for in rising order, holding one batch at a time."""

    def __init__(self, batches: Iterator[RowBatch], columns: Sequence[str]) -> None:
        self._batches = batches
        self._nothing = tuple("" for _ in columns)
        self._columns = list(columns)
        self._batch: RowBatch | None = None
        self._places: dict[int, int] = {}

    def cells_of(self, number: int) -> tuple[str | None, ...]:
        """The cells of a row; blanks for a row that could not be laid over the columns."""
        while self._batch is None or self._last() < number:
            self._batch = next(self._batches, None)
            if self._batch is None:
                return self._nothing
            numbers = self._batch.numbers.to_list()
            self._places = {found: place for place, found in enumerate(numbers)}
        place = self._places.get(number)
        if place is None:
            return self._nothing
        return tuple(self._batch.cells.select(self._columns).row(place))

    def _last(self) -> int:
        if self._batch is None:
            return 0
        malformed = max((one.row for one in self._batch.malformed), default=0)
        return max(malformed, max(self._places, default=0))


def mended_rows(first: DataImport, content: BinaryIO) -> list[RetryItem]:
    """The rows of a downloaded and mended table, as corrections of the import.

    422 `not_a_rejects_file` when it does not have the columns of the download, 413 `too_large`
    for more than 50,000 rows.
    """
    quick_check(content)
    columns = list(first.detected.get("columns") or ())
    items: list[RetryItem] = []
    with tempfile.TemporaryDirectory(prefix="btim-mended-") as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as stream:
            while piece := content.read(_CHUNK_BYTES):
                stream.write(piece)
        with open_table(path) as table:
            found = list(table.detected.columns)
            if tuple(found[: len(REASON_COLUMNS)]) != REASON_COLUMNS or len(found) != len(
                REASON_COLUMNS
            ) + len(columns):
                raise _no_rejects_file()
            for batch in table.batches:
                if batch.malformed:
                    raise _no_rejects_file()
                items += [_item(columns, cells) for cells in batch.cells.iter_rows()]
                if len(items) > MOST_MENDED:
                    raise too_large("too_many_rows", f"More than {MOST_MENDED} mended rows.")
    return items


def _item(columns: Sequence[str], cells: Sequence[str | None]) -> RetryItem:
    number = (cells[0] or "").strip()
    if not number.isdecimal() or len(number) > _MOST_DIGITS or int(number) == 0:
        raise _no_rejects_file()
    values = dict(zip(columns, map(_unguarded, cells[len(REASON_COLUMNS) :]), strict=True))
    return RetryItem(row=int(number), values=values)


def _unguarded(text: str | None) -> str | None:
    return text[1:] if text is not None and text.startswith(_GUARDED) else text


def _no_rejects_file() -> RuleBroken:
    return RuleBroken(
        "This is not the download of the rejects with their cells, or its columns were changed.",
        code="not_a_rejects_file",
    )
