"""`btim up`: the whole system in this terminal, or for a script."""

import json
import os
import signal
from typing import Annotated

import typer

from cli.commands.options import AsJson, DataDir, say
from cli.data_folder import DEFAULT, DataFolder
from cli.system.layout import Layout
from cli.system.supervisor import Addresses, Supervisor

DEFAULT_PORT_BASE = 8001


def up(
    data_dir: DataDir = DEFAULT,
    port_base: Annotated[
        int, typer.Option(min=1, max=65533, help="ingest's; allocation and valuation follow.")
    ] = DEFAULT_PORT_BASE,
    replicas: Annotated[int, typer.Option(min=1, max=8, help="Of each service.")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Of each service.")] = 1,
    gateway_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="One address for all; needs nginx.")
    ] = None,
    prometheus_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Our alert rules; needs prometheus.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Try every part once, then end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start Postgres, the three services and their workers; stay until Ctrl-C.

    With --json one line with the three addresses and `admin_key_file` tells that all are ready.
    BTIM_DATABASE_URL uses that server instead of the embedded one.
    """
    folder = DataFolder(data_dir.absolute())

    def ready(addresses: Addresses) -> None:
        if check:
            from cli.system.smoke_test import try_everything

            for sentence in try_everything(addresses, folder):
                print(sentence, flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
        elif as_json:
            print(json.dumps(addresses.as_json()), flush=True)
        else:
            _welcome(addresses, folder)

    external = os.environ.get("BTIM_DATABASE_URL")
    layout = Layout(replicas, workers, gateway_port, prometheus_port)
    Supervisor(folder, port_base, say, external_database_url=external, layout=layout).run(ready)
    say("stopped")


def _welcome(addresses: Addresses, folder: DataFolder) -> None:
    if addresses.gateway is not None:
        print(f"{'gateway':<11} {addresses.gateway}/docs")
    for service, url in addresses.urls.items():
        print(f"{service:<11} {url}/docs")
    print(f"admin key   {addresses.admin_key_file}")
    print(f"logs        {folder.logs}")
    print("Ctrl-C stops everything.", flush=True)
