"""`btim demo`: an example company, from its files to the report of what IT costs and brings."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import AsJson, Language, show
from cli.commands.up import DEFAULT_PORT_BASE
from cli.data_folder import DEFAULT

if TYPE_CHECKING:
    from rich.console import Console

    from cli.calling import System

ROOT = Path(__file__).resolve().parent.parent.parent
WIDTH = 130  # of tables in a log


class Example(StrEnum):
    """The companies that are told of."""

    OXFORD_COUNCIL = "oxford-council"
    HOME_FURNISHING = "home-furnishing"


FOLDERS = {Example.OXFORD_COUNCIL: "demo", Example.HOME_FURNISHING: "home-furnishing"}


def demo(
    example: Annotated[
        Example, typer.Argument(help="A city council's real ledger, or a furniture maker.")
    ] = Example.OXFORD_COUNCIL,
    data_dir: Annotated[
        Path | None, typer.Option(help="Kept, so that a second time is quick.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where reports and pictures go.")] = ROOT / "out",
    port_base: Annotated[int, typer.Option(min=1, max=65533)] = DEFAULT_PORT_BASE,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Start everything, play the whole story through the HTTP APIs, stop everything."""
    from rich.console import Console

    from cli.calling import connect
    from cli.demo.stage import running_system

    folder = data_dir or DEFAULT / FOLDERS[example]
    console = Console(stderr=as_json)
    if not console.is_terminal:
        console.width = WIDTH
    console.print("Starting Postgres, three services and their workers.", highlight=False)
    with (
        running_system(folder.absolute(), port_base) as addresses,
        connect(folder, Path(addresses["admin_key_file"]), language) as system,
    ):
        files = _tell(example, console, system, out, language)
    lines = ["", "Written:", *(f"  {file}" for file in files)]
    lines += [
        f"The data stays in {folder}.",
        f"Look around in it with: btim up --data-dir {folder}",
    ]
    show({"files": [str(file) for file in files]}, as_json=as_json, lines=lines)


def _tell(
    example: Example, console: "Console", system: "System", out: Path, language: str
) -> list[Path]:
    if example is Example.HOME_FURNISHING:
        from cli.demo.home_furnishing.company import Furniture
        from cli.demo.home_furnishing.story import tell as tell_furniture

        return tell_furniture(console, system, Furniture(), out, language)
    from cli.demo.oxford_council.company import Company
    from cli.demo.oxford_council.story import tell

    return tell(console, system, Company(), out)
