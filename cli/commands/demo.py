"""`btim demo`: from a real ledger and a cloud bill to a report of who consumes what."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import AsJson, Language, show
from cli.commands.up import DEFAULT_PORT_BASE
from cli.data_folder import DEFAULT

ROOT = Path(__file__).resolve().parent.parent.parent
WIDTH = 130  # of tables in a log


def demo(
    data_dir: Annotated[Path, typer.Option(help="Kept, so that a second time is quick.")] = DEFAULT
    / "demo",
    out: Annotated[Path, typer.Option(help="Where reports and pictures go.")] = ROOT / "out",
    port_base: Annotated[int, typer.Option(min=1, max=65533)] = DEFAULT_PORT_BASE,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Start everything, play the whole story through the HTTP APIs, stop everything."""
    from rich.console import Console

    from cli.calling import connect
    from cli.demo.company import Company
    from cli.demo.stage import running_system
    from cli.demo.story import tell

    console = Console(stderr=as_json)
    if not console.is_terminal:
        console.width = WIDTH
    console.print("Starting Postgres, three services and their workers.", highlight=False)
    with (
        running_system(data_dir.absolute(), port_base) as addresses,
        connect(data_dir, Path(addresses["admin_key_file"]), language) as system,
    ):
        files = tell(console, system, Company(), out)
    lines = ["", "Written:", *(f"  {file}" for file in files)]
    lines += [
        f"The data stays in {data_dir}.",
        f"Look around in it with: btim up --data-dir {data_dir}",
    ]
    show({"files": [str(file) for file in files]}, as_json=as_json, lines=lines)
