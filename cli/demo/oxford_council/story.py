"""The whole demo from start to end, over a running system."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.calling import System
from cli.demo import allocating, loading, reporting, telling, valuing
from cli.demo.oxford_council.company import (
    CLOUD_PERIOD,
    COUNCIL_PERIODS,
    CURRENCY,
    TAXONOMIES,
    Company,
)
from cli.demo.stage import Stage

PERIODS = (*COUNCIL_PERIODS, CLOUD_PERIOD)
TRACED_LINES = 8
REPORT_PERIOD = COUNCIL_PERIODS[-1]
REPORTS = [
    reporting.Wish("cost-value-distribution", REPORT_PERIOD, file_format, language)
    for file_format, language in (("xlsx", "en"), ("pdf", "en"), ("pdf", "zh-CN"))
]


def tell(console: Console, system: System, company: Company, out: Path) -> list[Path]:
    """Play all acts; answers the files that were written."""
    stage = Stage(console)
    out.mkdir(parents=True, exist_ok=True)
    stage.scene("1  Facts come in")
    loading.load_taxonomies(stage, system, TAXONOMIES)
    loading.send_bulk(system.ingest, "/v1/profiles/bulk", company.profiles)
    imports = [loading.import_file(stage, system, wanted) for wanted in company.imports]
    telling.show_imports(console, imports)
    stage.scene("2  A model says who uses what")
    _load_model(stage, system, company)
    stage.scene("3  Money moves")
    runs = allocating.run_periods(stage, system, PERIODS, CURRENCY)
    _show_runs(console, system, runs)
    stage.scene("4  Was it worth it?")
    initiative, review = _judge(stage, system, company)
    telling.show_figures(console, valuing.evaluate(system, initiative))
    telling.show_review(console, review)
    stage.scene("5  Files to take away")
    ordered = reporting.order_reports(stage, system, REPORTS)
    pictures = [
        reporting.draw(stage, system, "flow", REPORT_PERIOD, out / f"cost-flow.{kind}")
        for kind in ("svg", "png")
    ]
    return [reporting.fetch_report(stage, system, each, out) for each in ordered] + pictures


def _load_model(stage: Stage, system: System, company: Company) -> None:
    """The council's own objects, then its mappings."""
    with stage.step("solutions, applications and sub-accounts"):
        for collection, items in company.objects.items():
            loading.send_bulk(system.allocation, f"/v1/{collection}/bulk", items)
    loading.publish_model(stage, system, company.mappings)


def _judge(stage: Stage, system: System, company: Company) -> tuple[dict[str, Any], dict[str, Any]]:
    """One initiative with what was measured of it, and its review."""
    value = company.value
    with stage.step("value KPIs and their observations"):
        loading.send_bulk(system.valuation, "/v1/value-kpis/bulk", value["value_kpis"])
        loading.send_bulk(system.valuation, "/v1/observations/bulk", value["observations"])
    (wanted,) = value["initiatives"]
    initiative = valuing.tell_initiative(stage, system, value, wanted, "live")
    notes = [
        {**each, "lessons": list(each["lessons"].values())}
        for each in value["post_implementation_reviews"]
    ]
    (review,) = valuing.hold_reviews(stage, system, notes)
    return initiative, review


def _show_runs(console: Console, system: System, runs: Sequence[dict[str, Any]]) -> None:
    for run in runs:
        telling.show_reconciliation(console, run, allocating.reconciliation(system, run))
    council = "July to September 2016"
    for name, title, extra in (
        ("finance", "Finance: what was bought", "cost_type"),
        ("technology", "Technology: what it runs on", None),
        ("consumers", "Consumers: who pays", None),
    ):
        items = allocating.view(system, name, COUNCIL_PERIODS)
        telling.show_view(console, f"{title}, {council}", items, extra)
    cloud = allocating.view(system, "consumers", (CLOUD_PERIOD,))
    telling.show_view(console, f"Consumers: the cloud bill, {CLOUD_PERIOD}", cloud)
    _show_one_trace(console, system, runs[len(COUNCIL_PERIODS) - 1])
    found = [(run, allocating.unallocated(system, run)) for run in runs]
    telling.show_unallocated(console, found)


def _show_one_trace(console: Console, system: System, run: dict[str, Any]) -> None:
    bill = allocating.largest_bill(system, run)
    trace = allocating.trace_to_lines(system, run, bill["code"], TRACED_LINES)
    lines = [allocating.cost_line(system, each["line"]) for each in trace["contributions"]]
    telling.show_trace(console, bill, trace, lines)
