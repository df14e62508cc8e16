"""The furniture maker of the examples: which files there are and what is sent where."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.demo.loading import ImportOrder, Items

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "home-furnishing"
CURRENCY = "CNY"
MEASURES = ("cost", "kwh", "co2e_operational", "co2e_embodied")
SOURCE = "home-furnishing"

#: Kind of each file that ingest imports; `observations.csv` needs the KPIs first.
FILES = {
    "consumers.csv": "consumers",
    "driver-quantities.csv": "drivers",
    "assets.csv": "assets",
    "tickets.csv": "tickets",
    "ledger.csv": "ledger",
    "observations.csv": "kpi_observations",
}


@dataclass(frozen=True)
class Furniture:
    """The files of the folder."""

    folder: Path = EXAMPLE

    @cached_property
    def profiles(self) -> Items:
        """How the columns of the ledger are read."""
        items: Items = self._read("profile.json")["items"]
        return items

    @cached_property
    def model(self) -> dict[str, Items]:
        """Objects by collection, drivers, emission factors, mappings, budgets."""
        model: dict[str, Items] = self._read("model.json")
        return model

    @cached_property
    def value(self) -> dict[str, Items]:
        """KPIs, initiatives with their promises and payments, reviews, feedback."""
        value: dict[str, Items] = self._read("value.json")
        return value

    def file(self, name: str) -> ImportOrder:
        """One of the files and the form it is sent with."""
        form = {"kind": FILES[name], "source": SOURCE}
        if name == "ledger.csv":
            form["profile"] = self.profiles[0]["code"]
        return ImportOrder(name, self.folder / name, form)

    def _read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))
