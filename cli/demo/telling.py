"""How the demo shows figures: tables of exact amounts, nothing rounded but where it says so."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

from rich.console import Console
from rich.table import Table

DIGITS = 60  # more than any sum of NUMERIC(38,18) needs


def money(amount: str | Decimal) -> str:
    """An exact amount with thousands separators and at least two decimals; nothing is cut off."""
    whole, _, fraction = f"{Decimal(amount):,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def rounded(amount: str | Decimal) -> str:
    """An amount to the cent, for tables that say so."""
    return f"{Decimal(amount):,.2f}"


def percent(share: str | None) -> str:
    """A share of 1 in per cent."""
    return "" if share is None else f"{Decimal(share) * 100:.1f} %"


def table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """A table whose columns after `>` stand right."""
    shown = Table(show_edge=False)
    for column in columns:
        name = column.removeprefix(">")
        shown.add_column(
            name,
            justify="right" if column.startswith(">") else "left",
            no_wrap=column.startswith(">"),
        )
    for row in rows:
        shown.add_row(*row)
    console.print(f"\n[bold]{title}", highlight=False)
    console.print(shown, highlight=False)


def show_imports(console: Console, imports: Sequence[dict[str, Any]]) -> None:
    """Every row and every unit of each file."""
    rows = []
    for done in imports:
        counts = done["rows"]
        amounts = done["amounts"] or [None]
        for place, amount in enumerate(amounts):
            head = [str(counts[name]) for name in ("received", "accepted", "rejected", "duplicate")]
            rows.append(
                [
                    done["file"]["name"] if place == 0 else "",
                    *(head if place == 0 else [""] * 4),
                    "" if amount is None else f"{money(amount['received'])} {amount['currency']}",
                    "" if amount is None else f"{money(amount['accepted'])} {amount['currency']}",
                ]
            )
    columns = ["file", ">rows", ">accepted", ">rejected", ">double"]
    table(
        console,
        "Imports: what was received and what was accepted",
        [*columns, ">amount received", ">amount accepted"],
        rows,
    )


def show_reconciliation(
    console: Console, run: dict[str, Any], steps: Sequence[dict[str, Any]]
) -> None:
    """Each step's two sides and their difference."""
    rows = [
        [
            step["name"],
            _side(step["left"]),
            _side(step["right"]),
            money(step["difference"]) if Decimal(step["difference"]) else "0",
        ]
        for step in steps
    ]
    title = f"Reconciliation {run['period']}, {run['currency']}, to the last unit"
    table(console, title, ["step", ">left", ">right", ">difference"], rows)


def _side(entries: Sequence[dict[str, Any]]) -> str:
    """The amounts of one side; zeros are left out beside others."""
    moved = [each for each in entries if Decimal(each["amount"]) != 0] or entries[:1]
    return "\n".join(f"{each['label']} {money(each['amount'])}" for each in moved)


def show_view(
    console: Console, title: str, items: Sequence[dict[str, Any]], extra: str | None = None
) -> None:
    """The largest lines of a view, to the cent."""
    ordered = sorted(items, key=lambda item: abs(Decimal(item["amount"])), reverse=True)
    shown = [item for item in ordered if Decimal(item["amount"]) != 0][:12]
    rows = [
        [
            item["name"],
            str(item["code"] or "").rpartition(":")[2],
            *([str(item.get(extra) or "")] if extra else []),
            rounded(item["amount"]),
            percent(item["share"]),
        ]
        for item in shown
    ]
    columns = ["what", "code", *([extra.replace("_", " ")] if extra else []), ">amount", ">share"]
    table(console, f"{title}, to the cent", columns, rows)


def show_unallocated(
    console: Console, found: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]]
) -> None:
    """What could not move, by period and reason."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for run, items in found:
        for item in items:
            sums.setdefault((run["period"], item["reason"]), []).append(Decimal(item["amount"]))
    rows = [
        [period, reason, str(len(amounts)), money(sum(amounts, Decimal(0)))]
        for (period, reason), amounts in sorted(sums.items())
    ]
    table(
        console,
        "Unallocated by reason",
        ["period", "reason", ">objects", ">amount"],
        rows or [["all", "nothing is unallocated", "0", "0"]],
    )


def show_trace(
    console: Console,
    bill: dict[str, Any],
    trace: dict[str, Any],
    lines: Sequence[dict[str, Any]],
) -> None:
    """One bill, the ledger lines behind it, and the proof that they add up."""
    rows = [
        [
            str(line.get("document") or line["id"]),
            str(line.get("vendor") or ""),
            str(line.get("posted_on") or line["period"]),
            f"{money(line['amount'])} {line['currency']}",
            money(contribution["amount"]),
        ]
        for line, contribution in zip(lines, trace["contributions"], strict=True)
    ]
    rows.append(["", "all other lines", "", "", money(trace["rest"])])
    columns = ["document", "supplier", "paid", ">line", ">part in this bill"]
    table(
        console, f"{bill['name']}: {money(trace['amount'])}, traced to ledger lines", columns, rows
    )
    parts = [Decimal(each["amount"]) for each in trace["contributions"]]
    with localcontext(prec=DIGITS):
        total = sum(parts, Decimal(trace["rest"]))
        difference = total - Decimal(trace["amount"])
    left = money(difference) if difference else "0"
    console.print(f"  the parts add up to {money(total)}; difference {left}", highlight=False)


def show_figures(console: Console, figures: dict[str, Any]) -> None:
    """Named figures with their formulas."""
    rows = [
        [name, figure["value"] or f"none: {figure['reason']}", figure["formula"]]
        for name, figure in figures.items()
    ]
    table(console, "The initiative's plan in named figures", ["figure", ">value", "formula"], rows)


def show_review(console: Console, review: dict[str, Any]) -> None:
    """What was promised and what came of it."""
    rows = [
        [
            str(result["kpi"]),
            *(str(result[name]) for name in ("baseline", "target", "actual")),
            percent(result["attainment"]),
            result["verdict"].replace("_", " "),
        ]
        for result in review["results"]
    ]
    columns = ["KPI", ">baseline", ">target", ">actual", ">attainment", "verdict"]
    table(console, f"Post-implementation review due {review['due_on']}", columns, rows)
