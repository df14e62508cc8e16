"""`btim up`: the whole system in this terminal, or for a script."""

import json
import os
from typing import Annotated

import typer

from cli.commands.options import AsJson, DataDir, say
from cli.data_folder import DEFAULT, DataFolder
from cli.supervisor import Addresses, Supervisor

DEFAULT_PORT_BASE = 8001


def up(
    data_dir: DataDir = DEFAULT,
    port_base: Annotated[
        int, typer.Option(min=1, max=65533, help="ingest's; allocation and valuation follow.")
    ] = DEFAULT_PORT_BASE,
    as_json: AsJson = False,
) -> None:
    """Start Postgres, the three services and their workers; stay until Ctrl-C.

    With --json one line with the three addresses and `admin_key_file` tells that all are ready.
    BTIM_DATABASE_URL uses that server instead of the embedded one.
    """
    folder = DataFolder(data_dir.absolute())

    def ready(addresses: Addresses) -> None:
        if as_json:
            print(json.dumps(addresses.as_json()), flush=True)
        else:
            _welcome(addresses, folder)

    external = os.environ.get("BTIM_DATABASE_URL")
    Supervisor(folder, port_base, say, external_database_url=external).run(ready)
    say("stopped")


def _welcome(addresses: Addresses, folder: DataFolder) -> None:
    for service, url in addresses.urls.items():
        print(f"{service:<11} {url}/docs")
    print(f"admin key   {addresses.admin_key_file}")
    print(f"logs        {folder.logs}")
    print("Ctrl-C stops everything.", flush=True)
