"""Uploaded files and finished reports: in Postgres chunks, or in a folder replicas share."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from shared.clock import utc_now
from shared.errors import Conflict, NotFound, TooLarge
from shared.ids import new_id
from shared.settings import get_settings
from shared.tables.platform import StoredFile, StoredFileChunk

CHUNK_BYTES = 1 << 20


def store_file(
    session: Session, name: str, media_type: str, content: BinaryIO, *, limit: int | None = None
) -> StoredFile:
    """Keep a file under a new id; its row commits with the transaction of the session."""
    folder = get_settings().files_dir
    stored = StoredFile(
        id=new_id(),
        name=name,
        media_type=media_type,
        sha256="",
        bytes=0,
        place="database" if folder is None else "folder",
        created_at=utc_now(),
    )
    session.add(stored)
    session.flush()  # its chunks refer to it
    pieces = _hashed(content, limit)
    if folder is None:
        stored.sha256, stored.bytes = _store_chunks(session, stored.id, pieces)
    else:
        stored.sha256, stored.bytes = _store_in_folder(folder, stored.id, pieces)
    session.add(stored)
    session.flush()
    return stored


def _hashed(content: BinaryIO, limit: int | None) -> Iterator[tuple[bytes, str, int]]:
    digest, size = hashlib.sha256(), 0
    while piece := content.read(CHUNK_BYTES):
        digest.update(piece)
        size += len(piece)
        if limit is not None and size > limit:
            raise TooLarge(f"a file may have at most {limit} bytes")
        yield piece, digest.hexdigest(), size
    if size == 0:
        yield b"", digest.hexdigest(), 0


def _store_chunks(
    session: Session, identifier: UUID, pieces: Iterator[tuple[bytes, str, int]]
) -> tuple[str, int]:
    sha256, size = "", 0
    for number, (piece, sha256, size) in enumerate(pieces):  # noqa: B007 - the last ones are kept
        session.execute(
            insert(StoredFileChunk).values(file_id=identifier, number=number, data=piece)
        )
    return sha256, size


def _store_in_folder(
    folder: Path, identifier: UUID, pieces: Iterator[tuple[bytes, str, int]]
) -> tuple[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    sha256, size = "", 0
    unfinished = folder / f".{identifier}"
    with unfinished.open("xb") as file:
        for piece, sha256, size in pieces:  # noqa: B007 - the last ones are kept
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / str(identifier))
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)
    return sha256, size


def get_file(session: Session, file_id: UUID) -> StoredFile:
    """What is known of a file."""
    stored = session.get(StoredFile, file_id)
    if stored is None:
        raise NotFound(f"file {file_id}")
    return stored


def check_is_kept(stored: StoredFile) -> None:
    """Conflict `file_removed` where the content of a file is gone."""
    if stored.removed_at is not None:
        why = f"on {stored.removed_at.date()} for {stored.removed_for}"
        raise Conflict(f"the content of this file was removed {why}", code="file_removed")


def remove_content(session: Session, stored: StoredFile, why: str) -> None:
    """Drop a file's bytes; what is known of it stays."""
    _drop_bytes(session, stored)
    stored.removed_at, stored.removed_for = utc_now(), why
    session.add(stored)


def rewrite_content(session: Session, stored: StoredFile, content: BinaryIO) -> None:
    """Other bytes in the place of a file's own; its hash and size stay those of the file."""
    _drop_bytes(session, stored)
    folder = get_settings().files_dir
    pieces = _hashed(content, None)
    if stored.place == "database" or folder is None:
        _store_chunks(session, stored.id, pieces)
    else:
        _store_in_folder(folder, stored.id, pieces)
    stored.rewritten_at = utc_now()
    session.add(stored)


def _drop_bytes(session: Session, stored: StoredFile) -> None:
    folder = get_settings().files_dir
    if stored.place == "folder" and folder is not None:
        (folder / str(stored.id)).unlink(missing_ok=True)
    session.execute(delete(StoredFileChunk).where(col(StoredFileChunk.file_id) == stored.id))


def read_file(session: Session, stored: StoredFile) -> Iterator[bytes]:
    """A file's bytes, piece by piece. Conflict `file_removed` where they are gone."""
    check_is_kept(stored)
    if stored.place == "folder":
        folder = get_settings().files_dir
        if folder is None or not (folder / str(stored.id)).exists():
            raise NotFound(f"the content of file {stored.id}")
        with (folder / str(stored.id)).open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                yield piece
        return
    number = 0
    while True:
        piece_or_none = session.exec(
            select(col(StoredFileChunk.data)).where(
                col(StoredFileChunk.file_id) == stored.id, col(StoredFileChunk.number) == number
            )
        ).one_or_none()
        if piece_or_none is None:
            return
        yield piece_or_none
        number += 1


def copy_file(session: Session, stored: StoredFile, target: Path) -> None:
    """Write a file's bytes to a path (a job's own temporary folder)."""
    with target.open("wb") as file:
        for piece in read_file(session, stored):
            file.write(piece)
