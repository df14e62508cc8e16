"""The folder in which an import is worked on; a killed worker's is taken away by the next one."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID


@contextlib.contextmanager
def job_folder(import_id: UUID) -> Iterator[Path]:
    """An empty folder named after the import, gone at the end.

    The job of an import runs under a lock, so what lies there already belongs to a worker that was
    killed in the middle of it.
    """
    folder = Path(tempfile.gettempdir()) / f"btim-import-{import_id}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
