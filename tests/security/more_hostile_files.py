"""More files that mean harm, or that only a hurry could have made: as they come to an import."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.security import hostile_files as hostile

CSV = b"Date,Amount,Currency\n2026-01-05,12.5,EUR\n"
Write = Callable[[Path], Path]


def of(content: bytes) -> Write:
    """A file of just these bytes."""

    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def zipped(**entries: bytes) -> bytes:
    """A zip of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def million_columns(path: Path) -> Path:
    """A header of a million columns."""
    path.write_text(",".join(f"c{n}" for n in range(1_000_000)) + "\n")
    return path


def locked_zip(path: Path) -> Path:
    """A zip whose one file is said to be encrypted."""
    content = bytearray(hostile.zip_of(path, "x.csv", CSV).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def link_in_a_zip(path: Path) -> Path:
    """A zip that holds a link to a file of the machine."""
    return hostile.zip_of(path, "x.csv", b"/etc/passwd", external_attr=0o120777 << 16)


def parquet_lie(path: Path) -> Path:
    """A Parquet file whose footer was overwritten."""
    pq.write_table(pa.table({"Amount": ["1"] * 1000}), path)
    content = bytearray(path.read_bytes())
    content[-200:-8] = b"\xff" * 192
    path.write_bytes(content)
    return path


def parquet_of_pages_torn(path: Path) -> Path:
    """A Parquet file whose first page was overwritten."""
    pq.write_table(pa.table({"Amount": [str(n) for n in range(1000)]}), path)
    content = bytearray(path.read_bytes())
    content[20:400] = b"\xaa" * 380
    path.write_bytes(content)
    return path


def other_office_file(path: Path) -> Path:
    """A letter that is called a workbook."""
    path.write_bytes(
        zipped(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"})
    )
    return path


def with_macros(path: Path) -> Path:
    """A workbook that brings a program along."""
    return hostile.a_workbook(path, parts={"xl/vbaProject.bin": b"\xd0\xcf a macro"})


def inflating(path: Path) -> Path:
    """A gzip of 96 MiB of blanks."""
    path.write_bytes(gzip.compress(b" " * (96 << 20)))
    return path


_DEEP = b'{"Date": "2026-01-05", "Amount": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"
FOREIGN = {
    "PDF": b"%PDF-1.7\n", "PNG": b"\x89PNG\r\n\x1a\n", "a program": b"\x7fELF\x02\x01\x01",
    "a Windows program": b"MZ\x90\x00", "RAR": b"Rar!\x1a\x07", "SQLite": b"SQLite format 3\x00",
    "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
    "a web page": b"<html><script>alert(1)</script>", "one JSON document": b'{"items": [\n{}\n]}',
}  # fmt: skip

#: What is refused at the door or fails its import, whatever the code.
REFUSED: dict[str, Write] = {
    **{name: of(head + b"x" * 100) for name, head in FOREIGN.items()},
    "nothing": of(b""),
    "only a byte order mark": of(b"\xef\xbb\xbf"),
    "only NULs": of(b"\x00" * 10_000),
    "noise": of(bytes(range(256)) * 100),
    "an empty zip": of(b"PK\x05\x06" + bytes(18)),
    "a zip in a zip": of(zipped(**{"a.zip": zipped(**{"a.csv": CSV})})),
    "a gzip in a gzip": of(gzip.compress(gzip.compress(CSV))),
    "two files in a zip": of(zipped(**{"a.csv": CSV, "b.csv": CSV})),
    "half a zip": of(zipped(**{"a.csv": CSV * 100})[:80]),
    "half a gzip": of(gzip.compress(CSV * 100)[:-20]),
    "a gzip that inflates": inflating,
    "encrypted": locked_zip,
    "a link in a zip": link_in_a_zip,
    "another office file": other_office_file,
    "an old workbook that is none": of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000),
    "Parquet whose footer lies": parquet_lie,
    "Parquet whose pages are torn": parquet_of_pages_torn,
    "Parquet of two words": of(b"PAR1PAR1PAR1"),
    "a header without rows": of(b"Date,Amount,Currency\n"),
    "a million columns": million_columns,
    "no rows that can be read": of(_DEEP),
}
#: What is odd and taken in, hostile rows set aside.
TAKEN: dict[str, Write] = {
    "formulas": of(CSV + b"2026-01-06,1,EUR,=cmd|' /C calc'!A0\n"),
    "a byte order mark": of(b"\xef\xbb\xbf" + CSV),
    "UTF-16": of(CSV.decode().encode("utf-16")),
    "UTF-16 big end first": of(b"\xfe\xff" + CSV.decode().encode("utf-16-be")),
    "NUL in a cell": of(CSV.replace(b"12.5", b"12\x00.5") + CSV[21:]),
    "a path for a name": lambda path: hostile.zip_of(path, "../../../etc/cron.d/x", CSV),
    "macros": with_macros,
    "deep JSON on one line": of(b'{"Date": "2026-01-05", "Amount": 1}\n' + _DEEP),
}  # fmt: skip
