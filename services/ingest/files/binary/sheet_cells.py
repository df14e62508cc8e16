"""Reads one sheet of an XLSX, XLSB, XLS or ODS workbook by calamine, every cell as text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import fastexcel
import pyarrow as pa

from services.ingest.files.binary.sheet_numbers import with_all_digits
from services.ingest.files.problems import empty_file, too_large, unknown_sheet

_HEADER_ROWS = 60
_ERROR = re.compile(r"Error\((\w+)\)")
# What a cell shows whose formula has failed.
_ERROR_TEXTS = {
    "Div0": "#DIV/0!", "NA": "#N/A", "Name": "#NAME?", "Null": "#NULL!",
    "Num": "#NUM!", "Ref": "#REF!", "Value": "#VALUE!", "GettingData": "#DATA!",
}  # fmt: skip


@dataclass
class _Sheet:
    """A filled sheet: how much stands in it, and whether it is the one the profile means."""

    name: str
    visible: bool
    cells: pa.RecordBatch
    filled: int
    fits: bool

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Sheets with the profile's columns first, then visible ones, then the fullest."""
        return self.fits, self.visible, self.filled


def sheet_cells(request: dict[str, Any]) -> tuple[dict[str, Any], Iterator[pa.RecordBatch]]:
    """The sheet asked for, else the best; its columns have no names yet, and rows begin at 1.

    Raises Problem `empty_file`, `unknown_sheet`, `too_many_columns`.
    """
    reader = fastexcel.read_excel(request["path"])
    wanted = request["sheet"]
    if wanted is not None and wanted not in reader.sheet_names:
        raise unknown_sheet(wanted, reader.sheet_names)
    best: _Sheet | None = None
    filled: list[str] = []
    for name in reader.sheet_names if wanted is None else [wanted]:
        sheet = _loaded(reader, name, request)
        if sheet is None:
            continue
        if sheet.visible:
            filled.append(sheet.name)
        if best is None or sheet.rank > best.rank:
            best = sheet
    if best is None:
        raise empty_file("The workbook holds no filled sheet.")
    facts = {
        "columns": [""] * best.cells.num_columns,
        "sheet": best.name,
        "other_sheets": [name for name in filled if name != best.name],
    }
    return facts, iter([with_all_digits(best.cells, _numbers(reader, best.name))])


def _numbers(reader: Any, name: str) -> pa.RecordBatch:
    """The cells of a sheet as floats, null where they are none."""
    sheet = reader.load_sheet(
        name, header_row=None, skip_rows=0, dtypes="float", skip_whitespace_tail_rows=True
    )
    cells: pa.RecordBatch = sheet.to_arrow()  # an account of what is no number would fill memory
    return cells


def _loaded(reader: Any, name: str, request: dict[str, Any]) -> _Sheet | None:
    sheet = reader.load_sheet(
        name, header_row=None, skip_rows=0, dtypes="string", skip_whitespace_tail_rows=True
    )
    if not sheet.width or not sheet.height:
        return None
    if sheet.width > request["limits"]["columns"]:
        raise too_large("too_many_columns", f"The sheet has {sheet.width} columns.")
    cells, errors = sheet.to_arrow_with_errors()
    if errors is not None:
        cells = _with_errors(cells, errors.errors)
    filled = sum(len(column) - column.null_count for column in cells.columns)
    known = frozenset(request["known_columns"])
    return _Sheet(name, sheet.visible == "visible", cells, filled, _fits(cells, known))


def _with_errors(cells: pa.RecordBatch, errors: Sequence[Any]) -> pa.RecordBatch:
    """Cells whose formula has failed say so; they are not the same as empty ones."""
    texts: dict[int, dict[int, str]] = {}
    for error in errors:
        row, column = error.offset_position
        found = _ERROR.search(error.detail)
        shown = _ERROR_TEXTS.get(found.group(1), "#ERROR!") if found else "#ERROR!"
        texts.setdefault(column, {})[row] = shown
    arrays = []
    for place, array in enumerate(cells.columns):
        if place in texts:
            values = array.to_pylist()
            for row, shown in texts[place].items():
                values[row] = shown
            array = pa.array(values, pa.string())  # noqa: PLW2901 - the mended column
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=cells.schema.names)


def _fits(cells: pa.RecordBatch, known: frozenset[str]) -> bool:
    if not known:
        return False
    for row in zip(*(c.to_pylist() for c in cells.slice(0, _HEADER_ROWS).columns), strict=True):
        if known <= {" ".join(cell.split()).casefold() for cell in row if cell}:
            return True
    return False
