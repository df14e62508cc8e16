"""How the furniture maker's demo shows what it found: tables in both languages."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console

from cli.calling import System
from cli.demo.home_furnishing.asking import Figure
from cli.demo.loading import Items
from cli.demo.telling import percent, rounded, table


def show_runs(console: Console, runs: Sequence[dict[str, Any]]) -> None:
    """What each month cost, and how well founded its allocation is."""
    rows = [
        [
            run["period"],
            rounded(run["totals"]["cost"]["input"]),
            rounded(run["totals"]["cost"]["consumers"]),
            rounded(run["totals"]["cost"]["unallocated"]),
            percent(run["accuracy"]["measured_share"]),
            percent(run["accuracy"]["estimated_share"]),
            percent(run["accuracy"]["fallback_share"]),
        ]
        for run in runs
    ]
    columns = ["月份 period", ">IT成本 IT cost", ">已分摊 to consumers", ">未分摊 unallocated"]
    columns += [">按实测 measured", ">按估算 estimated", ">平均 evenly"]
    table(console, "每月分摊运行 / Runs by month, CNY", columns, rows)


def show_shares(console: Console, title: str, items: Items) -> None:
    """The lines of a view with their shares, largest first."""
    ordered = sorted(items, key=lambda item: -Decimal(item["amount"]))
    rows = [
        [item["name"], item["code"] or "", rounded(item["amount"]), percent(item["share"])]
        for item in ordered
        if Decimal(item["amount"])
    ]
    table(console, title, ["名称 name", "编码 code", ">金额 amount", ">占比 share"], rows)


def show_value_chain(console: Console, chain: dict[str, Any]) -> None:
    """Cost beside value by stage."""
    rows = [
        [
            stage.get("name") or "未归属 unassigned",
            rounded(stage["cost"]),
            percent(stage["cost_share"]),
            "" if stage["value"] is None else rounded(stage["value"]),
            percent(stage["value_share"]),
        ]
        for stage in (*chain["items"], chain["unassigned"])
        if Decimal(stage["cost"]) or stage["value"] is not None
    ]
    columns = ["环节 stage", ">IT成本 cost", ">占比 share", ">营收 revenue", ">占比 share"]
    table(console, f"价值链 / Value chain {chain['period']}", columns, rows)


def show_demand(console: Console, initiatives: Items) -> None:
    """Initiatives by their value score, with what they were to cost and bring."""
    rows = [
        [
            each["name"],
            each["stage"],
            "" if each["value_score"] is None else f"{Decimal(each['value_score']):.1f}",
            *(_money(each[name]) for name in ("actual_cost", "actual_benefit")),
        ]
        for each in initiatives
    ]
    columns = [
        "举措 initiative",
        "阶段 stage",
        ">价值评分 score",
        ">实际投入 cost",
        ">实际收益 benefit",
    ]
    table(console, "按价值排序的举措 / Initiatives by value", columns, rows)


def show_reviews(console: Console, reviews: Items) -> None:
    """Every result of every review."""
    rows = [
        [
            review["initiative_name"],
            review["due_on"][:7],
            result["kpi"] or "",
            *(str(result[name]) for name in ("baseline", "target", "actual")),
            percent(result["attainment"]),
            result["verdict"].replace("_", " "),
        ]
        for review in reviews
        for result in review["results"]
    ]
    columns = ["举措 initiative", "评估 due", ">指标 KPI", ">基线 from", ">目标 to"]
    columns += [">实际 is", ">达成", "结论 verdict"]
    table(console, "后评估 / Post-implementation reviews", columns, rows)


def show_realisation(console: Console, groups: Items) -> None:
    """Money promised and reached, by portfolio."""
    rows = [
        [
            group["group"] or "",
            *(rounded(group[name]) for name in ("expected", "measured", "realised")),
            percent(group["rate"]),
        ]
        for group in groups
    ]
    columns = [
        "组合 portfolio",
        ">预期 expected",
        ">已评估 measured",
        ">实现 realised",
        ">实现率 rate",
    ]
    table(console, "价值实现 / Value realised, CNY", columns, rows)


def show_scorecard(console: Console, card: dict[str, Any]) -> None:
    """A balanced scorecard: its KPIs that have a target, by perspective."""
    rows = [
        [
            perspective["name"],
            kpi["name"],
            *(str(kpi[name] or "") for name in ("baseline", "target", "value")),
            kpi["unit"],
            percent(kpi["attainment"]),
        ]
        for perspective in card["perspectives"]
        for kpi in perspective["kpis"]
        if kpi["target"] is not None
    ]
    columns = ["维度 perspective", "指标 KPI", ">基线 baseline", ">目标 target", ">当前 value"]
    columns += ["单位 unit", ">达成 attained"]
    table(console, f"平衡计分卡 / Balanced scorecard: {card['name']}", columns, rows)


def show_solutions(console: Console, items: Items) -> None:
    """What solutions cost, how they are recommended, and whether they are underused."""
    rows = [
        [
            item["name"],
            rounded(item["amount"]),
            percent(item["share"]),
            "" if item["nps"]["nps"] is None else f"{Decimal(item['nps']['nps']):.0f}",
            {True: "是 yes", False: "否 no", None: ""}[item["underused"]],
        ]
        for item in items
    ]
    columns = ["解决方案 solution", ">成本 cost", ">占比 share", ">NPS", "使用不足 underused"]
    table(console, "成本与价值 / Cost beside value", columns, rows)


def show_published(
    console: Console, figures: Sequence[Figure], found: Sequence[Decimal | str]
) -> None:
    """Every published figure beside what the services answer."""
    rows = [
        [
            figure.zh,
            figure.en,
            figure.published,
            f"{answer:f}" if isinstance(answer, Decimal) else answer,
            "✓" if figure.agrees(answer) else "✗",
        ]
        for figure, answer in zip(figures, found, strict=True)
    ]
    columns = ["已发布的数字", "published figure", ">published", ">answered", ""]
    table(console, "已发布的数字与系统算出的结果 / Published and computed", columns, rows)


def ask_all(system: System, figures: Sequence[Figure]) -> list[Decimal | str]:
    """What the services answer about each figure."""
    return [figure.ask(system) for figure in figures]


def _money(amount: str | None) -> str:
    return "" if amount is None else rounded(amount)
