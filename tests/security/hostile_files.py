"""Writes files that mean harm: bombs, links out of the file, shapes that no sheet has."""

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MIB = 1 << 20
_SHEET_NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)


def cell(place: str, text: str) -> str:
    """A cell that holds its own text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = f'<row r="1">{cell("A1", "Date")}{cell("B1", "Amount")}{cell("C1", "Currency")}</row>'
LINE = f'<row r="2">{cell("A2", "2026-01-05")}<c r="B2"><v>12.5</v></c>{cell("C2", "EUR")}</row>'


def a_workbook(
    path: Path,
    rows: str = HEADER + LINE,
    *,
    before: str = "",
    dimension: str = "",
    settings: str = "",
    sheet: str = "worksheets/sheet1.xml",
    mode: str = "",
    parts: Mapping[str, str | bytes] | None = None,
) -> Path:
    """A workbook of one sheet with these rows of XML; `before` stands before its first element."""
    relations = f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="{sheet}"{mode}/>'
    if parts and "xl/sharedStrings.xml" in parts:
        relations += (
            f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        )
    if parts and "xl/styles.xml" in parts:
        relations += f'<Relationship Id="r3" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    written: dict[str, str | bytes] = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_SHEET_NS} xmlns:r="{_OFFICE}">{settings}<sheets>'
        '<sheet name="Lines" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{relations}</Relationships>",
        "xl/worksheets/sheet1.xml": f"{before}<worksheet {_SHEET_NS}>{dimension}<sheetData>"
        f"{rows}</sheetData></worksheet>",
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in written.items():
            book.writestr(name, content)
    return path


def far_apart(path: Path) -> Path:
    """Two cells at opposite ends of a sheet: seventeen thousand million cells between them."""
    last = f'<row r="1048576">{cell("XFD1048576", "x")}</row>'
    return a_workbook(path, HEADER + LINE + last)


def repeated_text(path: Path) -> Path:
    """One text of 32,000 letters that a hundred thousand cells show."""
    shared = f"<sst {_SHEET_NS}><si><t>{'x' * 32_000}</t></si></sst>"
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, 100_002)
    )
    return a_workbook(path, HEADER + rows, parts={"xl/sharedStrings.xml": shared})


def wide_sheet(path: Path) -> Path:
    """A row of a hundred thousand cells."""
    cells = "".join(f"<c><v>{place}</v></c>" for place in range(100_000))
    return a_workbook(path, f'<row r="1">{cells}</row>')


def entity_bomb(path: Path) -> Path:
    """Entities that double thirty times over."""
    doubling = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 31))
    declared = f'<!DOCTYPE x [<!ENTITY a0 "ha">{doubling}]>'
    return a_workbook(path, HEADER + LINE.replace("EUR", "&a30;"), before=declared)


def outside_entity(path: Path) -> Path:
    """An entity that names a file of the machine."""
    declared = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    return a_workbook(path, HEADER + LINE.replace("EUR", "&secret;"), before=declared)


def outside_sheet(path: Path) -> Path:
    """A sheet that is said to lie in a file of the machine."""
    return a_workbook(path, sheet="file:///etc/passwd", mode=' TargetMode="External"')


def sheet_above(path: Path) -> Path:
    """A sheet that is said to lie above the archive."""
    return a_workbook(path, sheet="../../../../../../etc/passwd")


def inflated_sheet(path: Path) -> Path:
    """A sheet of 64 MiB of blanks in a few kilobytes."""
    return a_workbook(path, HEADER + " " * (64 * MIB) + LINE)


def overlapping(path: Path) -> Path:
    """A zip whose two entries are the same bytes, as the densest bombs do it."""
    packed = zlib.compress(b"0" * MIB, 9)[2:-4]
    checksum = zlib.crc32(b"0" * MIB)
    names = (b"a.csv", b"b.csv")
    sizes = struct.pack("<III", checksum, len(packed), MIB)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes
    content = local + struct.pack("<HH", len(names[0]), 0) + names[0] + packed
    directory = b"".join(
        b"PK\x01\x02"
        + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33)
        + sizes
        + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0)
        + name
        for name in names
    )
    end = struct.pack("<HHHHIIH", 0, 0, 2, 2, len(directory), len(content), 0)
    path.write_bytes(content + directory + b"PK\x05\x06" + end)
    return path


def endless_directory(path: Path) -> Path:
    """A zip whose table of contents names two hundred thousand empty files."""
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"x"
    count = 200_000
    end = struct.pack("<HHHHIIH", 0, 0, 65_535, 65_535, len(entry) * count, 30, 0)
    path.write_bytes(b"PK\x03\x04" + bytes(26) + entry * count + b"PK\x05\x06" + end)
    return path


def nested_zips(path: Path) -> Path:
    """Sixteen zips of sixteen zips, as the well-known one of 42 kB."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.dll", b"\0" * (8 * MIB))
    for _ in range(2):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for place in range(16):
                archive.writestr(f"lib{place}.zip", inner.getvalue())
        inner = outer
    path.write_bytes(inner.getvalue())
    return path


def zip_of(path: Path, name: str, content: bytes, **attributes: int) -> Path:
    """A zip of one entry under any name, with any attributes."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    for attribute, value in attributes.items():
        setattr(entry, attribute, value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, content)
    return path


def one_line(path: Path, begin: bytes = b"Date,Amount\n", size: int = 256) -> Path:
    """A line of so many MiB, in a gzip of a thousandth of that."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(begin)
        for _ in range(size):
            stream.write(b"x" * MIB)
    return path


def sparse_line(path: Path, begin: bytes = b"Date,Amount\n", size: int = 64) -> Path:
    """A line of so many MiB, nearly all of it zeros that take no room on the disk."""
    with path.open("wb") as stream:
        stream.write(begin + b"x" * 8192)
        stream.truncate(size * MIB)
    return path


def open_document(path: Path) -> Path:
    """A small spreadsheet of the Open Document format."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    rows = [["Date", "Amount", "Currency"], ["2026-01-05", "12.5", "EUR"]]
    cells = [
        "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p>'
            "</table:table-cell>"
            for text in row
        )
        for row in rows
    ]
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}:office:1.0"'
            f' xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="Lines">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def repeated_value(path: Path) -> Path:
    """A Parquet file of a few kilobytes in which a hundred thousand rows show one long text."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 500_000])
    pq.write_table(pa.table({"Amount": ["1"] * 100_000, "Note": text}), path)
    return path


def wide_table(path: Path) -> Path:
    """A Parquet file of five thousand columns."""
    pq.write_table(pa.table({f"c{place}": ["1"] for place in range(5_000)}), path)
    return path


def many_keys(path: Path) -> Path:
    """JSON lines of ten thousand keys each, no two the same."""
    with path.open("w") as stream:
        for line in range(20):
            keys = {f"k{line * 10_000 + place}": 1 for place in range(10_000)}
            stream.write(json.dumps(keys) + "\n")
    return path


def long_rows(path: Path) -> Path:
    """Sixty JSON lines that are each just short enough."""
    line = json.dumps({"Date": "2026-01-01", "Amount": 1, "Currency": "EUR", "x": "y" * 900_000})
    path.write_text(f"{line}\n" * 60)
    return path


def long_cells(path: Path) -> Path:
    """Sixty rows that are each just short enough."""
    row = "2026-01-01,1,EUR," + "y" * 900_000
    path.write_text("Date,Amount,Currency,Note\n" + f"{row}\n" * 60)
    return path


def equal_names(path: Path) -> Path:
    """A header that names half a million columns alike."""
    path.write_text("a," * 500_000 + "a\n" + "1," * 500_000 + "1\n")
    return path


def wide_text(path: Path) -> Path:
    """A hundred thousand columns in text."""
    path.write_text(",".join(f"c{n}" for n in range(100_000)) + "\n" + "1," * 99_999 + "1\n")
    return path


#: What is refused, by the code that it is refused with.
REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "cells far apart": (far_apart, "unpacks_too_large"),
    "text repeated by cells": (repeated_text, "unpacks_too_large"),
    "sheet of 100,000 columns": (wide_sheet, "too_many_columns"),
    "entity bomb": (entity_bomb, "unsafe_workbook"),
    "entity outside": (outside_entity, "unsafe_workbook"),
    "sheet outside": (outside_sheet, "truncated_file"),
    "sheet above the archive": (sheet_above, "truncated_file"),
    "sheet that inflates": (inflated_sheet, "unpacks_too_large"),
    "overlapping entries": (overlapping, "several_files"),
    "endless directory": (endless_directory, "unpacks_too_large"),
    "zips in zips": (nested_zips, "several_files"),
    "packed line": (one_line, "unpacks_too_large"),
    "endless line": (sparse_line, "line_too_long"),
    "endless JSON line": (lambda path: sparse_line(path, b'{"a": "'), "line_too_long"),
    "text repeated in Parquet": (repeated_value, "unpacks_too_large"),
    "Parquet of 5,000 columns": (wide_table, "too_many_columns"),
    "keys without end": (many_keys, "too_many_columns"),
    "equal column names": (equal_names, "too_many_columns"),
    "100,000 columns": (wide_text, "too_many_columns"),
}
#: What is odd and large and read all the same, with the rows that it holds.
READ: dict[str, tuple[Callable[[Path], Path], int]] = {
    "long JSON lines": (long_rows, 60),
    "long rows": (long_cells, 60),
}
