"""Writes the invented rows: `python -m cli.demo.home_furnishing.inventing [folder]`."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cli.demo.home_furnishing.company import EXAMPLE
from cli.demo.home_furnishing.inventing.assets import asset_rows
from cli.demo.home_furnishing.inventing.drivers import driver_rows
from cli.demo.home_furnishing.inventing.ledger import ledger_rows
from cli.demo.home_furnishing.inventing.measurements import observation_rows
from cli.demo.home_furnishing.inventing.tickets import ticket_rows

FILES: Mapping[str, Callable[[], Iterable[tuple[str, ...]]]] = {
    "ledger.csv": ledger_rows,
    "driver-quantities.csv": driver_rows,
    "assets.csv": asset_rows,
    "tickets.csv": ticket_rows,
    "observations.csv": observation_rows,
}


def text_of(name: str) -> str:
    """What stands in one of the invented files."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(FILES[name]())
    return text.getvalue()


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else EXAMPLE
    for each in FILES:
        (folder / each).write_text(text_of(each), encoding="utf-8")
