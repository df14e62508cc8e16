"""Published lists of projects as what a client sends: initiatives, their cash flows, promises.

The lists carry no licence and are not part of the project: `BTIM_TEST_DATA` names a folder with
`projects/federal_it_projects_a.csv` and `projects/kitchenham_145_projects.arff`.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]

STATED = {
    "planned_cost": "Planned Cost ($ M)",
    "actual_cost": "Projected/Actual Cost ($ M)",
    "cost_variance": "Cost Variance ($ M)",
    "cost_variance_percent": "Cost Variance (%)",
    "schedule_variance_days": "Schedule Variance (in days)",
    "schedule_variance_percent": "Schedule Variance (%)",
    "lifecycle_cost": "Lifecycle Cost ($ M)",
}
FEDERAL_HEADER = (
    "Project ID", "Agency Name", "Project Name", "Start Date",
    "Planned Project Completion Date (B2)", "Projected/Actual Project Completion Date (B2)",
    *STATED.values(),
)  # fmt: skip


def outside_file(name: str) -> Path:
    """A file of the folder that `BTIM_TEST_DATA` names; the test is skipped without it."""
    folder = os.environ.get("BTIM_TEST_DATA")
    path = Path(folder or "") / "projects" / name
    if not folder or not path.is_file():
        pytest.skip(f"needs projects/{name} in the folder that BTIM_TEST_DATA names (no licence)")
    return path


def federal_rows(path: Path) -> list[Json]:
    """The rows of the federal list as they are written."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def federal_initiatives(rows: Iterable[Json]) -> Iterator[tuple[Json, list[Json]]]:
    """Each row as an initiative with its stated figures, and its planned and actual cost.

    A project id that comes again gets a number; blanks are left out, nothing is made up.
    """
    met: Counter[str] = Counter()
    for row in rows:
        known = {name: text.strip() for name, text in row.items() if text and text.strip()}
        met[known["Project ID"]] += 1
        number = met[known["Project ID"]]
        code = known["Project ID"] if number == 1 else f"{known['Project ID']}/{number}"
        days = {
            "started_on": known.get("Start Date"),
            "planned_go_live_on": known.get("Planned Project Completion Date (B2)"),
            "go_live_on": known.get("Projected/Actual Project Completion Date (B2)"),
        }
        initiative = {
            "code": code,
            "names": {"en": known.get("Project Name", code)[:500]},
            "stage": "closed",
            "historic": True,
            "sponsor": known["Agency Name"],
            "tags": {"portfolio": "federal", "agency": known["Agency Name"],
                     "project_id": known["Project ID"], "unit": "million USD"},
            "stated": {name: known[head] for name, head in STATED.items() if head in known},
            **{name: day[:10] for name, day in days.items() if day},
        }  # fmt: skip
        yield initiative, list(_payments(initiative))


def _payments(initiative: Json) -> Iterator[Json]:
    day = initiative.get("go_live_on") or initiative.get("started_on") or "2012-01-01"
    for basis, name in (("plan", "planned_cost"), ("actual", "actual_cost")):
        cost = initiative["stated"].get(name)
        if cost is not None:
            yield {
                "initiative": initiative["code"],
                "external_id": basis,
                "on": day,
                "amount": f"{-Decimal(cost):f}",
                "category": "investment",
                "basis": basis,
            }


def kitchenham_rows(path: Path) -> list[Json]:
    """The rows of an ARFF file by the names of its attributes; `?` is None."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    names = [line.split()[1] for line in lines if line.lower().startswith("@attribute")]
    data = next(place for place, line in enumerate(lines) if line.lower().startswith("@data"))
    return [
        {
            name: None if cell == "?" else cell
            for name, cell in zip(names, line.strip().split(","), strict=True)
        }
        for line in lines[data + 1 :]
        if line.strip() and not line.startswith("%")
    ]


def kitchenham_initiative(row: Json) -> Json:
    """A project with its client as sponsor, its type as kind and its days as far as known."""
    code = f"kitchenham/{row['Project']}"
    return {
        "code": code,
        "names": {"en": f"Project {row['Project']}"},
        "stage": "closed",
        "historic": True,
        "sponsor": f"Client {row['Client.code']}",
        "kind": row["Project.type"],
        "started_on": row["Actual.start.date"],
        "planned_go_live_on": row["Estimated.completion.date"],
        "tags": {"portfolio": "kitchenham"},
    }
