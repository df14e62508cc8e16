"""Bringing a backup back, and proving that what is there is what was saved."""

import os
from collections.abc import Iterable, Iterator
from getpass import getuser
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from cli.backups import archive, postgres_programs, repository
from cli.backups.manifest import Manifest
from cli.backups.taking import AUDIT_SERVICE
from cli.calling import Progress
from shared.audit import trail, verification
from shared.database import database_url, in_transaction, new_session
from shared.errors import Conflict, Unavailable, Unreadable
from shared.postgres.migrations import alembic_config
from shared.settings import get_settings

_CHECKED, _REPLAYED = 0.1, 0.8


def restore_backup(path: Path, progress: Progress, *, force: bool) -> Manifest:
    """Bring database, files and keys back, compare everything, then bring the schema up to date.

    Refused: a damaged archive, one of a newer schema, a database that somebody uses, and without
    `force` one that holds anything. The database changes in one transaction, or not at all.
    """
    with archive.read(path) as reader:
        reader.check()
        _refuse_newer(reader.manifest)
        _refuse_used(reader, force=force)
        progress(_CHECKED)
        _write_files(reader)
        postgres_programs.replay(database_url(get_settings()), _dump(reader, progress), anew=force)
        _write_keys(reader)
        progress(_REPLAYED)
        _compare(reader.manifest)
    command.upgrade(alembic_config(), "head")
    with in_transaction() as session:
        trail.record(
            session,
            f"operator:{getuser()}",
            AUDIT_SERVICE,
            "restore",
            "backup",
            path.name,
            details={"made_at": reader.manifest.made_at.isoformat()},
        )
    progress(1.0)
    return reader.manifest


def _refuse_newer(manifest: Manifest) -> None:
    known = {
        step.revision for step in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    }
    if manifest.contents.revision not in known:
        raise Unreadable(
            f"the backup has the schema {manifest.contents.revision}, which this code does not"
            f" know; restore it with btim {manifest.btim} or newer",
            code="backup_newer",
        )


def _refuse_used(reader: archive.ArchiveReader, *, force: bool) -> None:
    """Nobody may work in the database; nothing may be written over unless that is wanted."""
    with new_session() as session:
        others, empty = repository.other_sessions(session), repository.is_empty(session)
    if others:
        raise Conflict(f"the database is in use by {', '.join(others)}", code="target_in_use")
    if reader.names(archive.FILES) and get_settings().files_dir is None:
        raise Conflict("the backup has files; say in BTIM_FILES_DIR where they go",
                       code="files_dir_missing")  # fmt: skip
    if force:
        return
    if not empty:
        raise Conflict("the database holds tables; --force replaces everything in it",
                       code="target_not_empty")  # fmt: skip
    for name in reader.names(archive.SECRETS):
        key_file = _key_file(name)
        if key_file.exists() and key_file.read_bytes() != b"".join(reader.pieces(name)):
            raise Conflict(f"{key_file} is there already; --force replaces it",
                           code="target_not_empty")  # fmt: skip


def _dump(reader: archive.ArchiveReader, progress: Progress) -> Iterator[bytes]:
    whole, read = max(reader.manifest.parts[archive.DATABASE].bytes, 1), 0
    for piece in reader.pieces(archive.DATABASE):
        yield piece
        read += len(piece)
        progress(_CHECKED + (_REPLAYED - _CHECKED) * read / whole)


def _write_files(reader: archive.ArchiveReader) -> None:
    """Before the database, so that no row names a file that is not there."""
    folder = get_settings().files_dir
    if folder is None:
        return
    for name in reader.names(archive.FILES):
        _write(folder / name.removeprefix(archive.FILES), reader.pieces(name))


def _write_keys(reader: archive.ArchiveReader) -> None:
    for name in reader.names(archive.SECRETS):
        _write(_key_file(name), reader.pieces(name))


def _key_file(name: str) -> Path:
    return get_settings().secrets_dir / name.removeprefix(archive.SECRETS)


def _write(target: Path, pieces: Iterable[bytes]) -> None:
    """A file (mode 0600) that is whole and on disk before it has its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name}.part"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
        archive.sync_folder(target.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Unavailable(f"{target} cannot be written: {error}", code="not_restored") from error


def _compare(manifest: Manifest) -> None:
    """Every count, every hash, every link of the audit trail."""
    with repository.snapshot() as (session, _):
        differences = list(manifest.contents.differences(repository.read_contents(session)))
    with new_session() as session:
        differences += verification.verify(session)
    if differences:
        raise Conflict("; ".join(differences[:10]), code="restored_differs")
