"""The SQL of sources: what they are, their syncs, the pages that these have fetched."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.ingest.imports import DataImport
from shared.tables.ingest.sources import Source, SourceMemory, SourcePage, SourceSync

OPEN = ("queued", "running")
BROKEN = ("failed", "cancelled")


def get_source(session: Session, source_id: UUID, *, for_update: bool = False) -> Source:
    """One source by its id."""
    found = session.get(Source, source_id, with_for_update=for_update)
    if found is None:
        raise NotFound(f"source {source_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, Source]:
    """The sources that have these codes, held for a change."""
    query = select(Source).where(col(Source.code).in_(list(codes))).with_for_update()
    return {found.code: found for found in session.execute(query).scalars()}


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Sources with these values."""
    query = select(Source)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(Source, name) == value)
    return query


def delete_source(session: Session, row: Source) -> None:
    """A source with its syncs and their pages; imports stay."""
    session.execute(delete(SourceSync).where(col(SourceSync.source_id) == row.id))
    session.execute(delete(Source).where(col(Source.id) == row.id))


def get_sync(
    session: Session, source_id: UUID | None, sync_id: UUID, *, for_update: bool = False
) -> SourceSync:
    """One sync by its id (of this source, where one is said)."""
    found = session.get(SourceSync, sync_id, with_for_update=for_update)
    if found is None or source_id not in {None, found.source_id}:
        raise NotFound(f"sync {sync_id}")
    return found


def syncs_query(source_id: UUID, status: str | None) -> Select[Any]:
    """The syncs of a source."""
    query = select(SourceSync).where(col(SourceSync.source_id) == source_id)
    return query if status is None else query.where(col(SourceSync.status) == status)


def find_open_sync(session: Session, source_id: UUID) -> SourceSync | None:
    """The sync that is queued or running, if there is one."""
    query = syncs_query(source_id, None).where(col(SourceSync.status).in_(OPEN))
    return session.execute(query).scalars().first()


def find_broken_sync(session: Session, source_id: UUID, since: datetime) -> SourceSync | None:
    """The last sync, if it broke after an instant with pages that were not loaded."""
    query = syncs_query(source_id, None).order_by(col(SourceSync.id).desc()).limit(1)
    last = session.execute(query).scalars().first()
    if last is None or last.status not in BROKEN or last.imports or last.pages == 0:
        return None
    return last if last.finished_at is not None and last.finished_at >= since else None


def fruitless_syncs(session: Session, broken: SourceSync) -> int:
    """How many syncs in a row, up to this broken one, have taken pages over and added none."""
    count, row = 0, broken
    while row.resumes is not None:
        earlier = session.get_one(SourceSync, row.resumes)
        if earlier.pages != row.pages:
            break
        count, row = count + 1, earlier
    return count


def take_over_pages(session: Session, broken: SourceSync, taker: SourceSync) -> None:
    """Give the pages of a broken sync to the one that goes on with it."""
    session.execute(
        update(SourcePage).where(col(SourcePage.sync_id) == broken.id).values(sync_id=taker.id)
    )


def pages_query(sync_id: UUID) -> Any:
    """What is known of the pages of a sync, without their bytes."""
    query = select(
        col(SourcePage.number),
        col(SourcePage.rows),
        col(SourcePage.raw_bytes),
        col(SourcePage.raw_sha256),
        col(SourcePage.watermark),
        col(SourcePage.fetched_at),
    )
    return query.where(col(SourcePage.sync_id) == sync_id)


def get_raw_page(session: Session, sync_id: UUID, number: int) -> bytes:
    """A page as it was received, packed with gzip."""
    found = session.execute(
        select(col(SourcePage.raw)).where(
            col(SourcePage.sync_id) == sync_id, col(SourcePage.number) == number
        )
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"page {number}")
    return bytes(found)


def page_hashes(session: Session, sync_id: UUID) -> list[tuple[int, bytes, bytes, list[str]]]:
    """Rows, hashes, keys and key columns of each page, in order."""
    query = (
        select(
            col(SourcePage.rows),
            col(SourcePage.hashes),
            col(SourcePage.keys),
            col(SourcePage.key_columns),
        )
        .where(col(SourcePage.sync_id) == sync_id)
        .order_by(col(SourcePage.number))
    )
    return [
        (rows, bytes(hashes or b""), bytes(keys or b""), columns)
        for rows, hashes, keys, columns in session.execute(query)
    ]


def page_lines(session: Session, sync_id: UUID, pages: int) -> Iterator[bytes]:
    """The packed NDJSON of each page, in order, one page in memory at a time."""
    for number in range(1, pages + 1):
        query = select(col(SourcePage.lines)).where(
            col(SourcePage.sync_id) == sync_id, col(SourcePage.number) == number
        )
        yield bytes(session.execute(query).scalar_one() or b"")


def forget_lines(session: Session, sync_id: UUID) -> None:
    """Drop the rows of loaded pages; the file of the import and the raw pages hold them still."""
    session.execute(
        update(SourcePage)
        .where(col(SourcePage.sync_id) == sync_id)
        .values(lines=None, hashes=None, keys=None)
    )


def find_memory(session: Session, source_id: UUID, basis: str) -> bytes | None:
    """What was loaded last, if it still stands as it was loaded, whole and read the same way."""
    query = (
        select(col(SourceMemory.hashes))
        .outerjoin(DataImport, col(DataImport.id) == col(SourceMemory.import_id))
        .where(
            col(SourceMemory.source_id) == source_id,
            col(SourceMemory.basis) == basis,
            (col(SourceMemory.import_id).is_(None))
            | ((col(DataImport.status) == "succeeded") & (col(DataImport.rows_rejected) == 0)),
        )
    )
    found = session.execute(query).scalar_one_or_none()
    return None if found is None else bytes(found)


def remember(
    session: Session, source_id: UUID, basis: str, import_id: UUID | None, hashes: bytes
) -> None:
    """Keep what was loaded last."""
    values = {"basis": basis, "import_id": import_id, "hashes": hashes}
    statement = insert(SourceMemory).values(source_id=source_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["source_id"], set_=values))


def lock_due_source(session: Session, now: datetime) -> Source | None:
    """A source whose time has come, held by this transaction; others pass it by."""
    query = (
        select(Source)
        .where(
            col(Source.active),
            col(Source.next_at) <= now,
            (col(Source.not_before).is_(None)) | (col(Source.not_before) <= now),
        )
        .order_by(col(Source.next_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.execute(query).scalars().first()


def forget_old_pages(session: Session, now: datetime, keep_days: int) -> int:
    """Drop raw pages that were kept long enough; pages of open syncs stay."""
    old = now - timedelta(days=keep_days)
    finished = select(col(SourceSync.id)).where(col(SourceSync.status).not_in(OPEN))
    result = session.execute(
        delete(SourcePage).where(
            col(SourcePage.fetched_at) < old, col(SourcePage.sync_id).in_(finished)
        )
    )
    return int(getattr(result, "rowcount", 0))


def count_reverted(session: Session, code: str) -> int:
    """How many imports of a source were taken back."""
    query = select(func.count()).where(
        col(DataImport.source) == code, col(DataImport.status) == "reverted"
    )
    return int(session.execute(query).scalar_one())


def import_statuses(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """What has become of these imports."""
    query = select(col(DataImport.id), col(DataImport.status)).where(
        col(DataImport.id).in_(list(ids))
    )
    return {row.id: row.status for row in session.execute(query)}
