"""Options that several commands share, and how they print."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cli.calling import Progress

DataDir = Annotated[Path, typer.Option(help="Where database, keys and logs lie.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="A file with an API key; else BTIM_KEY_FILE, else the data folder's admin."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for robots.")]
Language = Annotated[str, typer.Option(help="en or zh-CN.")]


def say(sentence: str) -> None:
    """One line to standard error, at once."""
    print(f"btim: {sentence}", file=sys.stderr, flush=True)


def show(content: Any, *, as_json: bool, lines: list[str]) -> None:
    """The answer: as JSON for robots, as lines for people."""
    print(json.dumps(content, ensure_ascii=False) if as_json else "\n".join(lines), flush=True)


@contextmanager
def progress_bar(label: str, *, hidden: bool) -> Iterator["Progress"]:
    """A bar on standard error; nothing at all when hidden or when that is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=hidden, transient=True) as bars:
        bar = bars.add_task(label, total=1.0)
        yield lambda share: bars.update(bar, completed=share)
