"""What the demo plays on: a system of its own, a console, and steps that show how far they are."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.project import StartError

ROOT = Path(__file__).resolve().parent.parent.parent
STOP_SECONDS = 90.0

Share = Callable[[float], None]


@contextmanager
def running_system(data_dir: Path, port_base: int) -> Iterator[dict[str, str]]:
    """`btim up` as a process of its own, stopped cleanly at the end; answers its one line."""
    command = [sys.executable, "-m", "cli.main", "up", "--json"]
    options = ["--data-dir", str(data_dir), "--port-base", str(port_base)]
    process = subprocess.Popen(
        [*command, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            raise StartError("the system did not start; the reason stands above")
        yield json.loads(line)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


class Stage:
    """The console, and steps that show a bar while they run and a line when they are done."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def scene(self, title: str) -> None:
        """A new part of the story."""
        self.console.print()
        self.console.rule(f"[bold]{title}", align="left")

    @contextmanager
    def step(self, what: str) -> Iterator[Share]:
        """One step; call the given function with 0..1 while it goes on."""
        started = time.monotonic()
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
        )
        silent = not self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=silent) as bars:
            bar = bars.add_task(what, total=1.0)
            yield lambda share: bars.update(bar, completed=share)
        self.console.print(
            f"  [green]done[/] {what} [dim]{time.monotonic() - started:.1f} s", highlight=False
        )
