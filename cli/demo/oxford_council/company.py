"""The worked company of the examples: which files there are and what is sent where."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.demo.loading import ImportOrder

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "oxford-council"
COUNCIL_PERIODS = ("2016-07", "2016-08", "2016-09")
CLOUD_PERIOD = "2024-09"
CURRENCY = "GBP"
TAXONOMIES = ("tbm-5.0.1", "btim")


def _totals(rows: int, currency: str, amount: str) -> str:
    """What the publisher of a file says is in it; the import is refused if it is not."""
    return json.dumps({"rows": rows, "amounts": {currency: amount}})


@dataclass(frozen=True)
class Company:
    """The files below one folder of examples."""

    folder: Path = EXAMPLES

    @property
    def imports(self) -> list[ImportOrder]:
        """The files to import, in the order in which they need each other."""
        return [
            ImportOrder(
                "consumers: the council's service areas",
                self.folder / "consumers.csv",
                {"kind": "consumers", "source": "oxford-council"},
            ),
            ImportOrder(
                "exchange rates",
                self.folder / "exchange-rates.csv",
                {"kind": "exchange_rates", "source": "rates"},
            ),
            ImportOrder(
                "ledger: Oxford City Council, 2016 Q3",
                self.folder / "ledger" / "oxford_council_2016q3.csv",
                {
                    "kind": "ledger",
                    "profile": "oxford-council-ledger",
                    "source": "oxford-council",
                    "control_totals": _totals(3581, "GBP", "12937883.62"),
                },
            ),
            ImportOrder(
                "cloud bill: FOCUS 1.0 sample",
                self.folder / "focus" / "focus_1_0_sample_1000.csv",
                {
                    "kind": "focus",
                    "source": "sunbird",
                    "control_totals": _totals(1000, "USD", "14.97651418586"),
                },
            ),
            ImportOrder(
                "incidents: an event log",
                self.folder / "itsm" / "servicenow_incident_log_a.csv",
                {"kind": "tickets", "profile": "incident-event-log", "source": "service-desk"},
            ),
        ]

    @cached_property
    def profiles(self) -> list[dict[str, Any]]:
        """How the columns of ledger and log are read."""
        items: list[dict[str, Any]] = self._read("profile.json")["items"]
        return items

    @cached_property
    def objects(self) -> dict[str, list[dict[str, Any]]]:
        """Objects beside the standard ones, by collection."""
        objects: dict[str, list[dict[str, Any]]] = self._read("objects.json")
        return objects

    @cached_property
    def mappings(self) -> list[dict[str, Any]]:
        """The model."""
        items: list[dict[str, Any]] = self._read("model.json")["items"]
        return items

    @cached_property
    def value(self) -> dict[str, list[dict[str, Any]]]:
        """One initiative with its KPIs, observations, expectations, cash flows and review."""
        value: dict[str, list[dict[str, Any]]] = self._read("value.json")
        return value

    def _read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))
