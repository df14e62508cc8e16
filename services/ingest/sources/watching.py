"""Watched folders: each settled file becomes one import, and is moved when that is done."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from uuid import UUID

from services.ingest.imports.repository import get_import
from services.ingest.imports.upload import add_import, note
from services.ingest.imports.workflow import fail_import, run_import
from services.ingest.sources import repository
from services.ingest.sources.connector import Checked
from services.ingest.sources.loading import UNFINISHED, upload_of
from services.ingest.sources.places import allowed_path
from shared.auth import Caller
from shared.clients.outside.problems import SourceUnreachable
from shared.contracts.ingest.source_kinds.folder import FolderConfig
from shared.database import in_transaction
from shared.errors import Problem, RuleBroken
from shared.http.problems import body_of
from shared.jobs.running import JobContext, is_passing
from shared.tables.ingest.sources import Source, SourceSync

PROCESSED, FAILED = "processed", "failed"
UNFINISHED_ENDINGS = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", "~")


class NotYet(Exception):
    """The file is gone or still being written: the next sync will see."""


def settled_files(folder: Path, config: FolderConfig, now: float) -> list[Path]:
    """The files to take, by name: plain files of the folder itself that match and rest."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise SourceUnreachable("the folder cannot be read") from error
    found = []
    for entry in entries:
        if _is_handed_over(entry, config.pattern):
            try:
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if abs(now - max(state.st_mtime, state.st_ctime)) >= config.settled_seconds:
                found.append(folder / entry.name)
    return found


def _is_handed_over(entry: "os.DirEntry[str]", pattern: str) -> bool:
    name = entry.name
    hidden = name.startswith((".", "~")) or name.lower().endswith(UNFINISHED_ENDINGS)
    plain = entry.is_file(follow_symlinks=False)  # a link could lead anywhere
    return (
        plain and not hidden and fnmatchcase(name, pattern) and not name.endswith(".problem.json")
    )


def look(source: Source) -> Checked:
    """What a test of the source finds: the files that the next sync would take."""
    config = FolderConfig.model_validate(source.config)
    names = [path.name for path in settled_files(allowed_path(config.path), config, time.time())]
    return Checked(rows=0, total=len(names), notes=names[:20])


def watch(context: JobContext, source: Source, sync_id: UUID) -> None:
    """Import what lies there, file by file; 422 `files_refused` when one of them was refused.

    A file is moved only after its import has been committed. What a break leaves where it was, is
    known by its bytes the next time and only moved.
    """
    config = FolderConfig.model_validate(source.config)
    folder = allowed_path(config.path)
    files = settled_files(folder, config, time.time())
    refused: list[str] = []
    for number, path in enumerate(files, start=1):
        problem = _take(context, source, sync_id, path)
        if problem is not None:
            refused.append(path.name)
        context.progress(number / (len(files) + 1))
    if refused:
        names = ", ".join(refused[:20])
        raise RuleBroken(f"{len(refused)} files were refused: {names}", code="files_refused")


def _take(context: JobContext, source: Source, sync_id: UUID, path: Path) -> dict[str, Any] | None:
    """Import one file and move it; what was wrong with it, or None."""
    try:
        import_id, known = _write_down(context, source, sync_id, path)
        if import_id is None:
            return None
        if not known:
            _run(context, import_id)
    except NotYet:
        return None
    except Problem as problem:
        if is_passing(problem):
            raise
        document = body_of(problem)
        _note_file(sync_id, path.name, status="failed")
        _write_problem(_move(path, FAILED), document)
        return document
    _note_file(sync_id, path.name, status="succeeded")
    _move(path, PROCESSED)
    return None


def _write_down(
    context: JobContext, source: Source, sync_id: UUID, path: Path
) -> tuple[UUID | None, bool]:
    """The import of a file, committed; None when another upload of it is running just now."""
    with in_transaction() as session, _private_copy(path) as content:
        caller = Caller(context.subject, frozenset())
        row, is_new = add_import(
            session, caller, upload_of(source), path.name[:255], "application/octet-stream", content
        )
        sync = repository.get_sync(session, None, sync_id, for_update=True)
        ours = any(made["id"] == str(row.id) and not made["known"] for made in sync.imports)
        if not is_new and not ours and row.status in UNFINISHED:
            return None, True
        if is_new:
            note(session, caller, row)
        if not ours:
            _add_file(sync, row.id, path.name, known=not is_new)
            session.add(sync)
        return row.id, row.status not in UNFINISHED


def _add_file(sync: SourceSync, import_id: UUID, name: str, *, known: bool) -> None:
    made = {"id": str(import_id), "file": name, "known": known, "status": "running"}
    sync.imports = [*sync.imports, made]
    sync.pages += 1


def _private_copy(path: Path) -> Any:
    """The bytes of a file as they are at this moment: what is written to it later cannot matter."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller's with
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            before = os.fstat(file.fileno())
            for piece in _pieces(file):
                copy.write(piece)
            after = os.fstat(file.fileno())
    except OSError as error:
        copy.close()
        if isinstance(error, FileNotFoundError):
            raise NotYet from error
        raise SourceUnreachable(f"{path.name} cannot be read") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        copy.close()
        raise NotYet
    copy.seek(0)
    return copy


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece


def _run(context: JobContext, import_id: UUID) -> None:
    """Run an import to its end in a transaction of its own; one file does not undo another."""
    try:
        with in_transaction() as session:
            run_import(JobContext(session, context.job_id, import_id, {}, context.subject))
    except Problem as problem:
        if not is_passing(problem):
            with in_transaction() as session:
                fail_import(session, import_id, body_of(problem), "failed")
        raise


def _note_file(sync_id: UUID, name: str, *, status: str) -> None:
    with in_transaction() as session:
        sync = repository.get_sync(session, None, sync_id, for_update=True)
        sync.imports = [
            {**made, "status": status} if made.get("file") == name else made
            for made in sync.imports
        ]
        if all(made.get("file") != name for made in sync.imports):
            made = {"id": None, "file": name, "known": False, "status": status}
            sync.imports = [*sync.imports, made]
        rows = 0
        for made in sync.imports:
            if made["id"] is not None:
                rows += get_import(session, UUID(str(made["id"]))).rows_received
        sync.rows_fetched = rows
        session.add(sync)


def _move(path: Path, folder_name: str) -> Path:
    folder = path.parent / folder_name
    try:
        folder.mkdir(exist_ok=True)
        target, number = folder / path.name, 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem}.{number}{path.suffix}"
        path.rename(target)
    except OSError as error:
        raise SourceUnreachable(f"{path.name} cannot be moved") from error
    return target


def _write_problem(moved: Path, document: dict[str, Any]) -> None:
    target = moved.with_name(f"{moved.name}.problem.json")
    target.write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
