"""Takes a file out of gzip or zip, never further than the limits, and never by its stored name."""

import contextlib
import gzip
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

from services.ingest.files.limits import MIB, RATIO_FREE_BYTES, FileLimits
from services.ingest.files.problems import (
    empty_file,
    encrypted_file,
    too_large,
    truncated_file,
    unsafe_workbook,
    unsupported_format,
)
from shared.errors import RuleBroken

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
# The table of contents is read at once; this much names some fifty thousand entries.
_LARGEST_READ = 4 * MIB
# Others unpack without a bound on how much comes out at a time.
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LISTS_CELLS = "calcchain.xml"
_UNREADABLE = (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error)


@dataclass(frozen=True)
class PlainFile:
    """A file without its packing: where it lies, and what it was packed with."""

    path: Path
    compression: str | None


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextlib.contextmanager
def unpacked(path: Path, limits: FileLimits) -> Iterator[PlainFile]:
    """The file itself, or what lies in its one packing, as a temporary file."""
    with path.open("rb") as stream:
        magic = stream.read(4)
    if not magic:
        raise empty_file()
    if magic.startswith(GZIP_MAGIC):
        with _beside(path) as target:
            _unpack_gzip(path, target, limits)
            yield _single_packed(target, "gzip")
    elif magic == ZIP_MAGIC and office_kind(path) is None:
        with _beside(path) as target:
            _unpack_zip(path, target, limits)
            yield _single_packed(target, "zip")
    elif magic == EMPTY_ZIP_MAGIC:
        raise empty_file("The archive holds no file.")
    else:
        yield PlainFile(path, None)


def office_kind(path: Path) -> str | None:
    """Which workbook a zip file is, by its parts: `xlsx`, `xlsb`, `ods`; None for an archive.

    Raises Problem `unsupported_format` for documents and slides, which are zip files as well.
    """
    with _opened_zip(path) as archive:
        names = {entry.filename.lower() for entry in archive.infolist()}
        if "mimetype" in names and "content.xml" in names:
            return _open_document_kind(archive)
    if "[content_types].xml" not in names:
        return None
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    raise unsupported_format("The file is an office document and no workbook.")


def _open_document_kind(archive: zipfile.ZipFile) -> str:
    entry = next(e for e in archive.infolist() if e.filename.lower() == "mimetype")
    kind = b"".join(_chunks_of(archive, entry)) if entry.file_size < 1000 else b""
    if kind.strip() == b"application/vnd.oasis.opendocument.spreadsheet":
        return "ods"
    raise unsupported_format("The file is an office document and no workbook.")


def check_workbook(path: Path, limits: FileLimits) -> None:
    """Refuse a workbook that unpacks too large: by what it declares, then by what it holds."""
    with _opened_zip(path) as archive:
        entries = archive.infolist()
        declared = sum(entry.file_size for entry in entries)
        _check_size(declared, path.stat().st_size, limits, limits.workbook_bytes)
        if len({entry.filename.lower() for entry in entries}) < len(entries):
            raise truncated_file("Two parts of the workbook have the same name.")
        for entry in entries:
            row = _RowLength(limits.sheet_columns)
            for chunk in _chunks_of(archive, entry):
                # Here zipfile stops at the declared size, and compares the checksum.
                if b"<!DOCTYPE" in chunk and entry.filename.lower().endswith((".xml", ".rels")):
                    raise unsafe_workbook()
                if not entry.filename.lower().endswith(_LISTS_CELLS):
                    row.add(chunk)


class _RowLength:
    """Notices rows of a sheet that are far wider than a sheet can be.

    Looking up the columns of such a row takes the decoder time that grows with their square.
    Sees only rows of about a chunk or more, which is enough: shorter ones do little harm.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._cells = 0

    def add(self, chunk: bytes) -> None:
        """Take in the next piece of a part; 413 `too_many_columns`."""
        cells = chunk.count(b"<c ") + chunk.count(b"<c>") + chunk.count(b"<c/>")
        rows = chunk.count(b"<row")
        too_wide = cells > self._most * (rows + 1) if rows else self._cells + cells > self._most
        if too_wide:
            raise too_large("too_many_columns", "A row has more cells than a sheet has columns.")
        self._cells = 0 if rows else self._cells + cells


def _single_packed(path: Path, compression: str) -> PlainFile:
    with path.open("rb") as stream:
        magic = stream.read(4)
    if not magic:
        raise empty_file()
    if magic.startswith(GZIP_MAGIC) or (magic == ZIP_MAGIC and office_kind(path) is None):
        raise RuleBroken("The archive holds another archive.", code="nested_archive")
    return PlainFile(path, compression)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="btim-unpacked-", dir=path.parent) as folder:
        yield Path(folder) / "file"


@contextlib.contextmanager
def _opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    with path.open("rb") as stream:
        try:
            archive = zipfile.ZipFile(cast("IO[bytes]", _SmallReads(stream)))
        except _UNREADABLE as error:
            raise truncated_file("The zip archive is damaged or ends early.") from error
        except NotImplementedError as error:
            raise unsupported_format("The archive is of a version not read here.") from error
        with archive:
            yield archive


class _SmallReads:
    """A file that is never read in one large piece, as a hostile table of contents asks for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, size: int = -1, /) -> bytes:
        """As much as is asked for; 413 `unpacks_too_large` where that is too much."""
        content = self._stream.read(_LARGEST_READ + 1 if size < 0 else min(size, _LARGEST_READ + 1))
        if len(content) > _LARGEST_READ:
            raise too_large("unpacks_too_large", "The archive has too many entries.")
        return content


def _unpack_gzip(path: Path, target: Path, limits: FileLimits) -> None:
    try:
        with gzip.open(path, "rb") as source, target.open("wb") as sink:
            _copy_bounded(source, sink, path.stat().st_size, limits)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise truncated_file("The gzip data is damaged or ends early.") from error


def _unpack_zip(path: Path, target: Path, limits: FileLimits) -> None:
    with _opened_zip(path) as archive:
        files = [entry for entry in archive.infolist() if not _is_ballast(entry)]
        if not files:
            raise empty_file("The archive holds no file.")
        if len(files) > 1:
            raise RuleBroken(
                f"The archive holds {len(files)} files, not exactly one.", code="several_files"
            )
        entry = files[0]
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise unsupported_format("The archive holds a link and no file.")
        _check_size(entry.file_size, path.stat().st_size, limits, limits.unpacked_bytes)
        with target.open("wb") as sink:
            for chunk in _chunks_of(archive, entry):
                sink.write(chunk)


def _is_ballast(entry: zipfile.ZipInfo) -> bool:
    return (
        entry.is_dir()
        or entry.filename.startswith("__MACOSX/")
        or (entry.filename.rpartition("/")[2] == ".DS_Store")
    )


def _chunks_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    if entry.flag_bits & 1:
        raise encrypted_file()
    if entry.compress_type not in _PACKINGS:
        raise unsupported_format("The archive uses a packing that is not read here.")
    try:
        with archive.open(entry) as source:
            while chunk := source.read(MIB):
                yield chunk
    except _UNREADABLE as error:
        raise truncated_file("The zip archive is damaged or ends early.") from error
    except (NotImplementedError, RuntimeError) as error:
        raise unsupported_format("The archive uses a packing that is not read here.") from error


def _copy_bounded(source: "_Readable", sink: IO[bytes], packed: int, limits: FileLimits) -> None:
    size = 0
    while chunk := source.read(MIB):
        size += len(chunk)
        _check_size(size, packed, limits, limits.unpacked_bytes)
        sink.write(chunk)


def _check_size(size: int, packed: int, limits: FileLimits, most: int) -> None:
    if size > most:
        raise too_large("unpacks_too_large", f"Unpacked, the file is larger than {most} bytes.")
    if size > RATIO_FREE_BYTES and size > packed * limits.unpack_ratio:
        raise too_large(
            "unpacks_too_large",
            f"The file unpacks to more than {limits.unpack_ratio} times its size.",
        )
