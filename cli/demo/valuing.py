"""Act four: was it worth it? One initiative with its promise and review; the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.calling import System, follow
from cli.demo.company import COUNCIL_PERIODS, Company
from cli.demo.loading import send_bulk
from cli.demo.stage import Stage
from shared.clients.base import ServiceClient

STEPS = {"proposed": "approve", "approved": "start", "in_delivery": "go-live"}
REVIEW_STEPS = {"scheduled": "start", "in_progress": "submit", "submitted": "approve"}
REPORT = "cost-value-distribution"
PERIOD = COUNCIL_PERIODS[-1]


@dataclass(frozen=True)
class OrderedReport:
    """A report that is being written; without a job it is there already."""

    name: str
    report_id: str
    job: dict[str, Any] | None


def record_initiative(stage: Stage, system: System, company: Company) -> dict[str, Any]:
    """KPIs with observations, the initiative with its promise and cash flows, and its go-live."""
    valuation, value = system.valuation, company.value
    with stage.step("value KPIs and their observations"):
        send_bulk(valuation, "/v1/value-kpis/bulk", value["value_kpis"])
        send_bulk(valuation, "/v1/observations/bulk", value["observations"])
    wanted = value["initiatives"][0]
    with stage.step(f"initiative {wanted['code']}: promise, cash flows, go-live"):
        initiative = _find(valuation, "/v1/initiatives", code=wanted["code"])
        if initiative is None:
            send_bulk(valuation, "/v1/initiatives/bulk", [wanted])
            initiative = _get(valuation, "/v1/initiatives", code=wanted["code"])
        path = f"/v1/initiatives/{initiative['id']}"
        if initiative["stage"] == "proposed":
            send_bulk(
                valuation, f"{path}/value-expectations/bulk", _of(value["value_expectations"])
            )
        send_bulk(valuation, f"{path}/cash-flows/bulk", _of(value["cash_flows"]))
        while initiative["stage"] in STEPS:
            step = STEPS[initiative["stage"]]
            valuation.request("POST", f"{path}/{step}", body={})
            initiative = valuation.request("GET", path).json()
    return initiative


def hold_review(
    stage: Stage, system: System, company: Company, initiative: dict[str, Any]
) -> dict[str, Any]:
    """The review that go-live has scheduled, taken to its approval."""
    valuation = system.valuation
    with stage.step("post-implementation review"):
        review = _get(valuation, "/v1/post-implementation-reviews", initiative=initiative["code"])
        path = f"/v1/post-implementation-reviews/{review['id']}"
        while review["state"] in REVIEW_STEPS:
            step = REVIEW_STEPS[review["state"]]
            if step == "submit":
                lessons = list(company.value["post_implementation_reviews"][0]["lessons"].values())
                valuation.request(
                    "PATCH", path, body={"lessons": lessons}, headers={"If-Match": "*"}
                )
            valuation.request("POST", f"{path}/{step}", body={})
            review = valuation.request("GET", path).json()
        answer: dict[str, Any] = valuation.request("GET", path).json()
    return answer


def evaluate(system: System, initiative: dict[str, Any]) -> dict[str, Any]:
    """The named figures of the initiative's plan."""
    path = f"/v1/initiatives/{initiative['id']}/evaluation"
    query = {"discount_rate": "0.08", "basis": "plan", "convention": "dated"}
    figures: dict[str, Any] = system.valuation.request("GET", path, query=query).json()["figures"]
    return figures


def order_reports(
    stage: Stage, system: System, wishes: Sequence[tuple[str, str]]
) -> list[OrderedReport]:
    """Order the monthly report of the last council period in several formats and languages."""
    ordered = []
    with stage.step(f"{len(wishes)} reports ordered"):
        for file_format, language in wishes:
            body = {"type": REPORT, "period": PERIOD, "format": file_format, "language": language}
            answer = system.valuation.request("POST", "/v1/reports", body=body)
            content = answer.json()
            name = f"{REPORT}-{PERIOD}.{language}.{file_format}"
            ordered.append(OrderedReport(name, content["id"], content.get("job")))
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


def draw_flow(stage: Stage, system: System, out: Path, kind: str) -> Path:
    """The picture of the money's way from pools to consumers."""
    target = out / f"cost-flow.{kind}"
    media = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    query = {"period": PERIOD}
    with stage.step(f"picture {target.name}"):
        drawn = system.valuation.request(
            "GET", "/v1/charts/flow", query=query, headers={"Accept": media}
        )
    target.write_bytes(drawn.content)
    return target


def _of(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items as their initiative's own collection takes them."""
    return [{name: each for name, each in item.items() if name != "initiative"} for item in items]


def _find(client: ServiceClient, path: str, **query: Any) -> dict[str, Any] | None:
    return next(client.walk(path, **query), None)


def _get(client: ServiceClient, path: str, **query: Any) -> dict[str, Any]:
    found = _find(client, path, **query)
    if found is None:
        raise LookupError(f"{path} {query} is missing")
    return found
