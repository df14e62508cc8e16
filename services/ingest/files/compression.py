"""Takes a file out of gzip or zip, never further than the limits, and never by its stored name."""

import contextlib
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from services.ingest.files.limits import MIB, RATIO_FREE_BYTES, FileLimits
from services.ingest.files.problems import (
    empty_file,
    encrypted_file,
    too_large,
    truncated_file,
    unsupported_format,
)
from shared.errors import RuleBroken

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"


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
        with _temporary() as target:
            _unpack_gzip(path, target, limits)
            yield _single_packed(target, "gzip")
    elif magic == ZIP_MAGIC and not is_workbook(path):
        with _temporary() as target:
            _unpack_zip(path, target, limits)
            yield _single_packed(target, "zip")
    elif magic == EMPTY_ZIP_MAGIC:
        raise empty_file("The archive holds no file.")
    else:
        yield PlainFile(path, None)


def is_workbook(path: Path) -> bool:
    """Whether a zip file is an XLSX workbook, judged by its parts."""
    with _opened_zip(path) as archive:
        names = {entry.filename.lower() for entry in archive.infolist()}
    return "[content_types].xml" in names and any(name.startswith("xl/") for name in names)


def check_workbook(path: Path, limits: FileLimits) -> None:
    """Refuse a workbook that unpacks too large: by what it declares, then by what it holds."""
    with _opened_zip(path) as archive:
        entries = archive.infolist()
        declared = sum(entry.file_size for entry in entries)
        _check_size(declared, path.stat().st_size, limits, limits.workbook_bytes)
        for entry in entries:
            if entry.flag_bits & 1:
                raise encrypted_file()
            for _ in _chunks_of(archive, entry):
                pass  # zipfile stops at the declared size and then compares the checksum


def _single_packed(path: Path, compression: str) -> PlainFile:
    with path.open("rb") as stream:
        magic = stream.read(4)
    if not magic:
        raise empty_file()
    packed_again = magic.startswith(GZIP_MAGIC) or (magic == ZIP_MAGIC and not is_workbook(path))
    if packed_again:
        raise RuleBroken("The archive holds another archive.", code="nested_archive")
    return PlainFile(path, compression)


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="btim-unpacked-") as folder:
        yield Path(folder) / "file"


@contextlib.contextmanager
def _opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise truncated_file("The zip archive is damaged or ends early.") from error
    with archive:
        yield archive


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
        if entry.flag_bits & 1:
            raise encrypted_file()
        _check_size(entry.file_size, path.stat().st_size, limits, limits.unpacked_bytes)
        with target.open("wb") as sink:
            for chunk in _chunks_of(archive, entry):
                sink.write(chunk)


def _is_ballast(entry: zipfile.ZipInfo) -> bool:
    return entry.is_dir() or entry.filename.startswith("__MACOSX/")


def _chunks_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(entry) as source:
            while chunk := source.read(MIB):
                yield chunk
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error) as error:
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
