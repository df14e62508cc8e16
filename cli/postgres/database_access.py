"""For commands that speak to the database itself, whether `btim up` runs or not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.data_folder import DataFolder
from cli.postgres.server import PostgresServer


@contextmanager
def database_of(data_dir: Path) -> Iterator[None]:
    """Point this process's settings to the database of a data folder for a while.

    BTIM_DATABASE_URL wins; else the server that a running `btim up` keeps; else the folder's own
    server is started and stopped again.
    """
    folder = DataFolder(data_dir.absolute())
    if "BTIM_DATABASE_URL" in os.environ:
        yield
        return
    folder.make()
    os.environ.setdefault("BTIM_SECRETS_DIR", str(folder.secrets))
    server = PostgresServer(folder.path)
    running = server.find_running()
    try:
        if not running:
            server.start()
        os.environ.update(server.settings_for_children())
        yield
    finally:
        if not running:
            server.stop()
