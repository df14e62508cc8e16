"""The whole demo from start to end, over a running system."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.calling import System
from cli.demo import allocating, loading, telling, valuing
from cli.demo.company import CLOUD_PERIOD, COUNCIL_PERIODS, Company
from cli.demo.stage import Stage

TRACED_LINES = 8
REPORT_FILES = (("xlsx", "en"), ("pdf", "en"), ("pdf", "zh-CN"))


def tell(console: Console, system: System, company: Company, out: Path) -> list[Path]:
    """Play all acts; answers the files that were written."""
    stage = Stage(console)
    out.mkdir(parents=True, exist_ok=True)
    stage.scene("1  Facts come in")
    loading.load_taxonomies(stage, system)
    imports = loading.import_files(stage, system, company)
    telling.show_imports(console, imports)
    stage.scene("2  A model says who uses what")
    loading.load_model(stage, system, company)
    stage.scene("3  Money moves")
    runs = allocating.run_periods(stage, system)
    _show_runs(console, system, runs)
    stage.scene("4  Was it worth it?")
    initiative = valuing.record_initiative(stage, system, company)
    review = valuing.hold_review(stage, system, company, initiative)
    telling.show_figures(console, valuing.evaluate(system, initiative))
    telling.show_review(console, review)
    stage.scene("5  Files to take away")
    ordered = valuing.order_reports(stage, system, REPORT_FILES)
    pictures = [valuing.draw_flow(stage, system, out, kind) for kind in ("svg", "png")]
    return [valuing.fetch_report(stage, system, each, out) for each in ordered] + pictures


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
