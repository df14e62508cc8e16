"""The chapter that lets a controller check: reconciliation, unallocated, how cost was assigned."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.cost_tables import money, share
from services.valuation.reporting.reports.content.inputs import CostFacts, UnallocatedRow
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Missing,
    Money,
    Number,
    Section,
    Sentence,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence, term
from shared.money import add_exactly

_BASES = ("measured_share", "estimated_share", "fallback_share", "unallocated_share")


def proof_section(cost: CostFacts, links: Links, language: Language) -> Section:
    """Every step of the reconciliation with its difference; unallocated by reason and object."""
    tables = []
    if cost.reconciliation:
        tables.append(_reconciliation_table(cost, links, language))
    if cost.unallocated:
        tables.append(_reason_table(cost, links, language))
        tables.append(_object_table(cost, links, language))
    if cost.run.accuracy:
        tables.append(_accuracy_table(cost, links, language))
    sentences = [
        *_reconciliation_sentences(cost, links, language),
        *_accuracy_sentences(cost, links, language),
    ]
    return Section("proof", label("proof", language), tuple(sentences), tables=tuple(tables))


def _reconciliation_sentences(cost: CostFacts, links: Links, language: Language) -> list[Sentence]:
    if not cost.reconciliation:
        return []
    source = links.of_run("reconciliation")
    broken = [step for step in cost.reconciliation if step.difference]
    if not broken:
        count = Number(Decimal(len(cost.reconciliation)), href=source)
        return [sentence("reconciled", language, {"count": count})]
    return [
        sentence(
            "not_reconciled",
            language,
            {
                "step": Text(step.name, source),
                "amount": Money(step.difference, step.currency, href=source),
            },
            "warning",
        )
        for step in broken
    ]


def _accuracy_sentences(cost: CostFacts, links: Links, language: Language) -> list[Sentence]:
    shares = cost.run.accuracy
    if not all(basis in shares for basis in _BASES[:3]):
        return []
    source = links.of_run()
    cells: dict[str, Cell | str] = {
        "measured": Share(shares["measured_share"], source),
        "estimated": Share(shares["estimated_share"], source),
        "fallback": Share(shares["fallback_share"], source),
    }
    return [sentence("accuracy", language, cells)]


def _reconciliation_table(cost: CostFacts, links: Links, language: Language) -> Table:
    """One line for each labelled amount; each step ends with its difference."""
    columns = (
        Column("step", label("step", language)),
        Column("side", label("side", language)),
        Column("label", label("name", language)),
        Column("currency", label("currency", language)),
        Column("amount", label("plain_amount", language), "money"),
    )
    source = links.of_run("reconciliation")
    rows: list[tuple[Cell, ...]] = []
    for step in cost.reconciliation:
        name, currency = Text(step.name, source), Text(step.currency)
        for side, entries in (("left", step.left), ("right", step.right)):
            for text, amount in entries:
                figure = _amount(amount, step.currency, cost, source)
                rows.append((name, Text(label(side, language)), Text(text), currency, figure))
        gap = Text(label("difference", language))
        figure = _amount(step.difference, step.currency, cost, source)
        rows.append((name, Missing(), gap, currency, figure))
    return Table("reconciliation", label("reconciliation", language), columns, tuple(rows))


def _amount(amount: Decimal, currency: str, cost: CostFacts, source: str) -> Money:
    """An amount of a step; steps before conversion are in the currencies of the lines."""
    if currency == cost.run.currency:
        return money(amount, cost, source)
    return Money(amount, currency, href=source)


def _reason_table(cost: CostFacts, links: Links, language: Language) -> Table:
    columns = (
        Column("reason", label("reason", language)),
        Column("objects", label("objects", language), "number", True),
        Column("amount", label("amount", language, currency=cost.run.currency), "money", True),
        Column("share", label("share", language), "share", True),
    )
    by_reason: dict[str, list[UnallocatedRow]] = {}
    for row in cost.unallocated:
        by_reason.setdefault(row.reason, []).append(row)
    sums = {reason: add_exactly([row.amount for row in rows]) for reason, rows in by_reason.items()}
    source = links.of_run("unallocated")
    lines: list[tuple[Cell, ...]] = [
        (
            Text(term("reason", reason, language), source),
            Number(Decimal(len(by_reason[reason]))),
            money(amount, cost, source),
            share(amount, cost.run.input),
        )
        for reason, amount in sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    ]
    total = add_exactly(list(sums.values()))
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        Number(Decimal(len(cost.unallocated))),
        money(total, cost),
        share(total, cost.run.input),
    )
    return Table("unallocated", label("unallocated", language), columns, tuple(lines), totals)


def _object_table(cost: CostFacts, links: Links, language: Language) -> Table:
    columns = (
        Column("name", label("name", language)),
        Column("code", label("code", language), on_paper=False),
        Column("reason", label("reason", language)),
        Column("owner", label("owner", language)),
        Column("since", label("since", language)),
        Column("amount", label("amount", language, currency=cost.run.currency), "money", True),
    )
    rows = sorted(cost.unallocated, key=lambda row: (-row.amount, row.code or "", row.reason))
    lines: list[tuple[Cell, ...]] = []
    for row in rows:
        source = links.of_object(row.layer, row.code) if row.code else links.of_run("unallocated")
        lines.append(
            (
                Text(row.name or label("lines_without_pool", language), source),
                Text(row.code or ""),
                Text(term("reason", row.reason, language)),
                Text(row.owner) if row.owner else Missing(),
                Text(row.since) if row.since else Missing(),
                money(row.amount, cost, source),
            )
        )
    total = add_exactly([row.amount for row in rows])
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        *(Missing() for _ in range(4)),
        money(total, cost),
    )
    title = label("unallocated_objects", language)
    return Table("unallocated_objects", title, columns, tuple(lines), totals)


def _accuracy_table(cost: CostFacts, links: Links, language: Language) -> Table:
    columns = (
        Column("basis", label("basis", language)),
        Column("share", label("share", language), "share"),
    )
    source = links.of_run()
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Text(term("basis", basis, language), source), Share(cost.run.accuracy[basis]))
        for basis in _BASES
        if basis in cost.run.accuracy
    )
    return Table("accuracy", label("accuracy", language), columns, rows)
