"""The furniture maker's demo from start to end, over a running system."""

from pathlib import Path
from typing import Any

from rich.console import Console

from cli.calling import System
from cli.demo import reporting, telling
from cli.demo.allocating import run_periods, view
from cli.demo.home_furnishing import costs, worth
from cli.demo.home_furnishing import telling as found
from cli.demo.home_furnishing.calendar import CASE_MONTH, FIRST_MONTH, MONTHS
from cli.demo.home_furnishing.company import CURRENCY, MEASURES, Furniture
from cli.demo.home_furnishing.published import FIGURES
from cli.demo.stage import Stage

CHARGED_EVENLY = {"crm", "digital-store"}
DISPUTES = {FIRST_MONTH: 10, CASE_MONTH: 2}
REPORTS = [
    reporting.Wish("cost-value-distribution", CASE_MONTH, "xlsx", "zh-CN"),
    reporting.Wish("cost-value-distribution", CASE_MONTH, "pdf", "zh-CN"),
    reporting.Wish("cost-value-distribution", CASE_MONTH, "pdf", "en"),
    reporting.Wish("post-implementation-review", CASE_MONTH, "pdf", "zh-CN"),
    reporting.Wish("value-analysis", CASE_MONTH, "xlsx", "zh-CN"),
    reporting.Wish("carbon", CASE_MONTH, "xlsx", "zh-CN"),
    reporting.Wish("consumer-statement", CASE_MONTH, "pdf", "zh-CN", {"consumer": "dealers/east"}),
]
SHOWN_UNIT = "dept/design-centre"  # whose scorecard is shown
CHARTS = ("flow", "cost-value", "carbon")


def load(stage: Stage, system: System, company: Furniture) -> None:
    """Everything the company did: costs, runs, bills, disputes, promises, reviews."""
    costs.load_costs(stage, system, company)
    run_periods(stage, system, MONTHS, CURRENCY, MEASURES)
    for period, most in DISPUTES.items():
        costs.bill(stage, system, period)
        costs.complain(stage, system, period, CHARGED_EVENLY, most)
    worth.load_value(stage, system, company)
    worth.review_all(stage, system, company)


def tell(
    console: Console, system: System, company: Furniture, out: Path, language: str
) -> list[Path]:
    """Play all acts; answers the files that were written."""
    stage = Stage(console)
    folder = out / company.folder.name
    folder.mkdir(parents=True, exist_ok=True)
    stage.scene("1  账进来，模型说谁在用 / Facts come in, a model says who uses what")
    telling.show_imports(console, list(costs.load_costs(stage, system, company).values()))
    stage.scene("2  钱流向消费者 / Money moves to those who consume")
    _show_costs(console, stage, system)
    stage.scene("3  值不值 / Was it worth it?")
    worth.load_value(stage, system, company)
    found.show_reviews(console, worth.review_all(stage, system, company))
    ordered = reporting.order_reports(stage, system, REPORTS)
    _show_value(console, system)
    stage.scene("4  已发布的数字 / The published figures")
    found.show_published(console, FIGURES, found.ask_all(system, FIGURES))
    stage.scene("5  带走的文件 / Files to take away")
    pictures = [
        reporting.draw(stage, system, chart, CASE_MONTH, folder / f"{chart}.{language}.png")
        for chart in CHARTS
    ]
    return [reporting.fetch_report(stage, system, each, folder) for each in ordered] + pictures


def _show_costs(console: Console, stage: Stage, system: System) -> None:
    runs = run_periods(stage, system, MONTHS, CURRENCY, MEASURES)
    for period, most in DISPUTES.items():
        costs.bill(stage, system, period)
        costs.complain(stage, system, period, CHARGED_EVENLY, most)
    found.show_runs(console, runs)
    for name, chinese in (("solutions", "解决方案"), ("consumers", "消费者")):
        items = view(system, name, (CASE_MONTH,), level=2)
        found.show_shares(console, f"{chinese} / {name.capitalize()} {CASE_MONTH}, CNY", items)


def _show_value(console: Console, system: System) -> None:
    def ask(path: str, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = system.valuation.request("GET", path, query=query).json()
        return answer

    found.show_value_chain(console, ask("/v1/value-chain", period=CASE_MONTH))
    solutions = ask("/v1/views/solution-value", period=CASE_MONTH)
    found.show_solutions(console, solutions["items"])
    card = ask("/v1/scorecards", period=CASE_MONTH, consumer=SHOWN_UNIT)
    found.show_scorecard(console, card)
    found.show_demand(console, ask("/v1/initiatives", sort="-value_score")["items"])
    found.show_realisation(console, ask("/v1/value-realisation")["by_portfolio"])
