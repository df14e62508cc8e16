"""`btim backup` and `btim restore`: database, files and keys as one archive, and back."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import AsJson, DataDir, progress_bar, say, show
from cli.data_folder import DEFAULT, DataFolder


def backup(
    target: Annotated[
        Path, typer.Argument(help="A file ending in .zip, or a folder for one named by the time.")
    ] = Path("backups"),
    data_dir: DataDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Save database, files and keys as they are at one moment, while everything goes on.

    The archive holds secrets: its mode is 0600, keep it as you keep the database.
    """
    from cli.postgres.database_access import database_of

    started = time.monotonic()
    with database_of(data_dir), progress_bar("backup", hidden=as_json) as progress:
        from cli.backups.taking import take_backup

        path, manifest = take_backup(target, progress)
    for file_id in manifest.missing_files:
        say(f"file {file_id} is named in the database and lies nowhere")
    content = manifest.contents
    rows = sum(table.rows for table in content.tables.values())
    document = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "made_at": manifest.made_at.isoformat(),
        "revision": content.revision,
        "rows": rows,
        "runs": len(content.runs),
        "audit_position": content.audit_position,
        "missing_files": manifest.missing_files,
        "seconds": round(time.monotonic() - started, 1),
    }
    lines = [
        f"{path} ({document['bytes']} bytes, {document['seconds']} s)",
        f"{rows} rows, {len(content.runs)} runs, audit trail up to link {content.audit_position}",
    ]
    show(document, as_json=as_json, lines=lines)


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    force: Annotated[
        bool, typer.Option("--force", help="Replace everything that is there now.")
    ] = False,
    data_dir: DataDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back into an empty place and compare every row count and hash.

    Stop services and workers before; start them again afterwards.
    """
    from cli.postgres.database_access import database_of

    with (
        _nobody_else(data_dir),
        database_of(data_dir),
        progress_bar("restore", hidden=as_json) as progress,
    ):
        from cli.backups.restoring import restore_backup

        content = restore_backup(file, progress, force=force).contents
    rows = sum(table.rows for table in content.tables.values())
    document = {
        "file": str(file),
        "revision": content.revision,
        "rows": rows,
        "runs": len(content.runs),
        "audit_position": content.audit_position,
        "equal": True,
    }
    lines = [
        f"{rows} rows and {len(content.runs)} runs are what they were",
        f"the audit trail is whole; link {content.audit_position} is {content.audit_hash}",
    ]
    show(document, as_json=as_json, lines=lines)


@contextmanager
def _nobody_else(data_dir: Path) -> Iterator[None]:
    """Hold the data folder, so that no `btim up` runs or starts in it meanwhile."""
    if "BTIM_DATABASE_URL" in os.environ:
        yield
        return
    folder = DataFolder(data_dir.absolute())
    folder.make()
    with folder.held():
        yield
