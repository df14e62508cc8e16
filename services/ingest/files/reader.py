"""Opens any file that ingest reads: unpacks it, finds its format by content, gives its rows."""

import contextlib
import dataclasses
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from services.ingest.files.binary.columnar import PARQUET_MAGIC, open_parquet
from services.ingest.files.binary.workbook import OLE_MAGIC, open_workbook
from services.ingest.files.compression import (
    EMPTY_ZIP_MAGIC,
    GZIP_MAGIC,
    ZIP_MAGIC,
    office_kind,
    unpacked,
)
from services.ingest.files.detected import ReadHints, Table
from services.ingest.files.limits import DEFAULT_LIMITS, FileLimits
from services.ingest.files.problems import empty_file, truncated_file, unsupported_format
from services.ingest.files.text.delimited import open_delimited
from services.ingest.files.text.encoding import find_encoding, may_be_wide
from services.ingest.files.text.json_lines import looks_like_json_lines, open_json_lines

# First bytes of things that people upload by mistake and that would pass for odd text.
_FOREIGN = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"SQLite format 3": "SQLite",
    b"ARROW1": "Arrow IPC",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
    b"{\\rtf": "RTF",
    b"<?xml": "XML",
    b"<!DOC": "HTML",
    b"<html": "HTML",
    b"<HTML": "HTML",
}

# An array of objects, or an object that goes on behind its first line: no JSON by the line.
_JSON_DOCUMENT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*[{\]]|\{(?:[^\r\n]*[\[{,])?[ \t]*[\r\n])"
)


@contextlib.contextmanager
def open_table(
    path: Path, hints: ReadHints | None = None, limits: FileLimits = DEFAULT_LIMITS
) -> Iterator[Table]:
    """The table in a file, whatever the file is called.

    Raises a Problem with one of `problems.FILE_CODES`; while the batches are iterated as well.
    """
    with contextlib.ExitStack() as kept:
        plain = kept.enter_context(unpacked(path, limits))
        try:
            table = _open_plain(plain.path, hints or ReadHints(), limits, kept)
            detected = dataclasses.replace(table.detected, compression=plain.compression)
            yield Table(detected, table.batches, table.trailer)
        except UnicodeError as error:
            # Wide encodings that break off within a letter cannot be read on row by row.
            raise truncated_file("The text does not fit its encoding, or breaks off.") from error


def _open_plain(
    path: Path, hints: ReadHints, limits: FileLimits, kept: contextlib.ExitStack
) -> Table:
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(PARQUET_MAGIC):
        return open_parquet(path, hints, limits, kept)
    if head.startswith(ZIP_MAGIC):
        return open_workbook(path, office_kind(path) or "xlsx", hints, limits, kept)
    if head.startswith(OLE_MAGIC):
        return open_workbook(path, "xls", hints, limits, kept)
    _refuse_foreign(head)
    encoding = find_encoding(path, hints.encoding).name
    if looks_like_json_lines(path, encoding):
        return open_json_lines(path, hints, limits)
    return open_delimited(path, hints, limits)


def _refuse_foreign(head: bytes) -> None:
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise unsupported_format(
                f"The file is {name}; CSV, XLSX, XLS, Parquet and NDJSON are read."
            )
    if _JSON_DOCUMENT.match(head):
        raise unsupported_format(
            "The file is one JSON document; NDJSON, with an object on each line, is read."
        )
    if not may_be_wide(head) and _is_binary(head):
        raise unsupported_format("The file is binary and of no format that is read here.")


def _is_binary(head: bytes) -> bool:
    """Whether the first bytes cannot be text: many control characters or zeros."""
    odd = sum(1 for byte in head if byte < 32 and byte not in b"\t\n\r\x0c\x1a\x1b\x1e\x1f\x01\x00")
    return odd > 0.01 * len(head) + 1 or head.count(0) > 0.05 * len(head) + 8


def quick_check(stream: BinaryIO) -> None:
    """Refuse at once what can be told from a few bytes: nothing, a wrong kind, a broken frame.

    The stream is left at its beginning. Raises the same Problems as `open_table`.
    """
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    head = stream.read(4096)
    stream.seek(max(0, size - 4))
    tail = stream.read(4)
    stream.seek(0)
    if not head:
        raise empty_file()
    if head.startswith(PARQUET_MAGIC):
        if size < 12 or tail != PARQUET_MAGIC:
            raise truncated_file("The Parquet file ends early: its footer is missing.")
    elif head.startswith(ZIP_MAGIC):
        if not zipfile.is_zipfile(stream):
            raise truncated_file("The zip archive is damaged or ends early.")
        stream.seek(0)
    elif not head.startswith((OLE_MAGIC, GZIP_MAGIC, EMPTY_ZIP_MAGIC)):
        _refuse_foreign(head)
