"""Files to take away: reports in several formats and languages, and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.calling import System, follow
from cli.demo.stage import Stage

MEDIA = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Wish:
    """A report of a type and period, in a format and a language."""

    type: str
    period: str
    format: str
    language: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.type}-{self.period}.{self.language}.{self.format}"


@dataclass(frozen=True)
class OrderedReport:
    """A report that is being written; without a job it is there already."""

    name: str
    report_id: str
    job: dict[str, Any] | None


def order_reports(stage: Stage, system: System, wishes: Sequence[Wish]) -> list[OrderedReport]:
    """Order all of them, so that they are written while other things go on."""
    ordered = []
    with stage.step(f"{len(wishes)} reports ordered"):
        for wish in wishes:
            body = {
                "type": wish.type,
                "period": wish.period,
                "format": wish.format,
                "language": wish.language,
                "parameters": wish.parameters,
            }
            content = system.valuation.request("POST", "/v1/reports", body=body).json()
            ordered.append(OrderedReport(wish.name, content["id"], content.get("job")))
    return ordered


def fetch_report(stage: Stage, system: System, ordered: OrderedReport, out: Path) -> Path:
    """Wait until an ordered report is written and fetch its file."""
    with stage.step(f"report {ordered.name}") as share:
        if ordered.job is not None:
            follow(system.valuation, ordered.job, share)
        path = f"/v1/reports/{ordered.report_id}/content"
        content = system.valuation.request("GET", path).content
    target = out / ordered.name
    target.write_bytes(content)
    return target


def draw(stage: Stage, system: System, chart: str, period: str, target: Path) -> Path:
    """A chart of a period as the picture that the file's name asks for."""
    with stage.step(f"picture {target.name}"):
        drawn = system.valuation.request(
            "GET",
            f"/v1/charts/{chart}",
            query={"period": period},
            headers={"Accept": MEDIA[target.suffix[1:]]},
        )
    target.write_bytes(drawn.content)
    return target
