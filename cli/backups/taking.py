"""Making a backup while the system works: one snapshot, then the files that its rows name."""

from collections.abc import Iterator
from datetime import datetime
from getpass import getuser
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from cli.backups import archive, postgres_programs, repository
from cli.backups.manifest import Contents, Manifest
from cli.calling import Progress
from shared.audit import trail
from shared.clock import utc_now
from shared.database import database_url, in_transaction
from shared.settings import get_settings

AUDIT_SERVICE = "allocation"  # it also keeps the keys
_COUNTED, _DUMPED = 0.2, 0.9
_PIECE = 1 << 20


def take_backup(target: Path, progress: Progress) -> tuple[Path, Manifest]:
    """Write an archive to a file, or under a name of its own into a folder; answers both.

    The audit trail tells of it, which is also how the metrics know when the last one was made.
    """
    made_at = utc_now()
    path = target / _name(made_at) if target.is_dir() or not target.suffix else target
    with archive.written(path) as writer, repository.snapshot() as (session, shared_name):
        contents = repository.read_contents(session)
        progress(_COUNTED)
        writer.add(archive.DATABASE, _dump(session, shared_name, progress))
        missing = _add_files(writer, repository.files_in_folder(session), progress)
        _add_keys(writer)
        manifest = _manifest(made_at, contents, writer, missing)
        writer.close_with(manifest)
    size = path.stat().st_size
    with in_transaction() as session:
        details = {"bytes": size, "revision": contents.revision, "runs": len(contents.runs)}
        trail.record(
            session,
            f"operator:{getuser()}",
            AUDIT_SERVICE,
            "create",
            "backup",
            path.name,
            details=details,
        )
    progress(1.0)
    return path, manifest


def _name(made_at: datetime) -> str:
    return f"btim-{made_at:%Y-%m-%dT%H%M%S}Z.zip"


def _manifest(
    made_at: datetime, contents: Contents, writer: archive.ArchiveWriter, missing: list[UUID]
) -> Manifest:
    return Manifest(
        made_at=made_at,
        btim=version("btim"),
        contents=contents,
        parts=writer.parts,
        missing_files=[str(file_id) for file_id in missing],
    )


def _dump(session: Session, shared_name: str, progress: Progress) -> Iterator[bytes]:
    """The database, with the share of its bytes that has been read as progress."""
    sizes = repository.table_bytes(session)
    whole, read = max(sum(sizes.values()), 1), 0

    def came_to(table: str) -> None:
        nonlocal read
        progress(_COUNTED + (_DUMPED - _COUNTED) * read / whole)
        read += sizes.get(table, 0)

    yield from postgres_programs.dump(database_url(get_settings()), shared_name, came_to)


def _add_files(writer: archive.ArchiveWriter, files: list[UUID], progress: Progress) -> list[UUID]:
    """A file is written before its row, so it is there, unless it was lost or removed since."""
    folder, missing = get_settings().files_dir, []
    for number, file_id in enumerate(files):
        path = folder / str(file_id) if folder is not None else None
        if path is None or not path.exists():
            missing.append(file_id)
        else:
            writer.add(f"{archive.FILES}{file_id}", _pieces(path))
        progress(_DUMPED + (1.0 - _DUMPED) * number / len(files))
    return missing


def _add_keys(writer: archive.ArchiveWriter) -> None:
    for name in sorted(archive.KEY_FILES):
        path = get_settings().secrets_dir / name
        if path.exists():
            writer.add(f"{archive.SECRETS}{name}", _pieces(path))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
