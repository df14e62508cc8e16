"""Takes values out of files: texts are rewritten, packed ones that say a value lose their content.

Uploaded files, the pages of sources as they were received, and files of reports.
"""

import contextlib
import gzip
import io
import mmap
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from services.ingest.files.compression import unpacked
from services.ingest.files.limits import DEFAULT_LIMITS
from services.ingest.personal_data.domain import Sought
from shared.errors import Problem
from shared.files import copy_file, get_file, remove_content, rewrite_content
from shared.tables.ingest.sources import SourcePage

_WHY = "personal data"
_PIECE, _OVERLAP = 1 << 22, 4096
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"PAR1", b"%PDF")
_UPLOADS = (
    "select distinct i.file_id from data_import i join stored_file f on f.id = i.file_id"
    " where f.removed_at is null"
)
_REPORTS = (
    "select r.file_id from report r join stored_file f on f.id = r.file_id"
    " where f.removed_at is null"
)


def replace_in_uploads(session: Session, sought: Sought, *, keep: bool) -> int:
    """Uploaded files that said a value. `keep` (a dry run): only count them."""
    found = 0
    for file_id, path in _files(session, _UPLOADS):
        if not sought.is_in(_texts(path)):
            continue
        found += 1
        if keep:
            continue
        if _is_packed(path):
            remove_content(session, get_file(session, file_id), _WHY)
            continue
        with _rewritten(path, sought) as content:
            rewrite_content(session, get_file(session, file_id), content)
    return found


def drop_reports(session: Session, sought: Sought, *, keep: bool, facts_changed: bool) -> int:
    """Files of reports that say a value lose their content: they can be ordered anew.

    The letters of a PDF cannot be looked through: all of them go where facts were changed.
    """
    found = 0
    for file_id, path in _files(session, _REPORTS):
        if not (_is_pdf(path) and facts_changed) and not sought.is_in(_texts(path)):
            continue
        found += 1
        if not keep:
            remove_content(session, get_file(session, file_id), _WHY)
    return found


def _files(session: Session, query: str) -> Iterator[tuple[UUID, Path]]:
    with tempfile.TemporaryDirectory(prefix="btim-purge-") as folder:
        path = Path(folder) / "file"
        for file_id in session.execute(text(query)).scalars().all():
            copy_file(session, get_file(session, file_id), path)
            yield file_id, path


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"%PDF"


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8).startswith(_PACKED)


def _texts(path: Path) -> Iterator[bytes]:
    """What a file says, in pieces that overlap: its bytes, and what is packed in it."""
    yield from _pieces(path)
    if not _is_packed(path):
        return
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        yield from _columns(path)
    elif head != b"%PDF":
        with contextlib.suppress(Problem), unpacked(path, DEFAULT_LIMITS) as plain:
            yield from _pieces(plain.path)
            yield from _members(plain.path)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = piece[-_OVERLAP:]


def _members(path: Path) -> Iterator[bytes]:
    """The parts of a workbook, which were bounded when it was taken in."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            with contextlib.suppress(zipfile.BadZipFile, zlib.error, NotImplementedError):
                yield book.read(name)


def _columns(path: Path) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(path).iter_batches(batch_size=50_000):
        out = io.StringIO()
        for column in batch.columns:
            if pa.types.is_nested(column.type) or not pa.types.is_primitive(column.type):
                out.write("\n".join(str(said) for said in column.to_pylist()) + "\n")
        yield out.getvalue().encode()


@contextlib.contextmanager
def _rewritten(path: Path, sought: Sought) -> Iterator[BinaryIO]:
    """The file with pseudonyms for values, line by line so that no value is cut in two."""
    with path.open("rb") as file, tempfile.TemporaryFile(prefix="btim-purge-") as out:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            start = 0
            while start < len(whole):
                end = whole.find(b"\n", min(start + _PIECE, len(whole)))
                end = len(whole) if end < 0 else end + 1
                out.write(sought.of_bytes(whole[start:end]))
                start = end
        out.seek(0)
        yield out


def replace_in_pages(session: Session, sought: Sought) -> int:
    """Pages of sources; their recorded hash stays that of the page as it was received."""
    keys = session.execute(select(col(SourcePage.sync_id), col(SourcePage.number))).all()
    found = 0
    for key in keys:
        page = session.get_one(SourcePage, tuple(key))
        raw, lines = _page(page.raw, sought), _page(page.lines, sought)
        if (raw, lines) != (page.raw, page.lines):
            found += 1
            page.raw, page.lines = raw or b"", lines
            session.add(page)
            session.flush()
        session.expunge(page)
    return found


def _page(packed: bytes | None, sought: Sought) -> bytes | None:
    if not packed:
        return packed
    data = gzip.decompress(packed)
    left = sought.of_bytes(data)
    return packed if left == data else gzip.compress(left, mtime=0)
