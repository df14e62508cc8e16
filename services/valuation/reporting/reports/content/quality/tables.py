"""The tables on open ends, on the quality of data and on imports."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, share_of
from services.valuation.reporting.reports.content.cost_tables import money, share
from services.valuation.reporting.reports.content.inputs import CostFacts, UnallocatedRow
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.quality.facts import QualityFacts, SourceMeasure
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Missing,
    Money,
    Number,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, term
from shared.money import add_exactly
from shared.periods import months_between


def month_table(facts: QualityFacts, links: Links, language: Language) -> Table:
    """What stayed unallocated in the published run of each month."""
    columns = (
        Column("month", label("month", language)),
        Column("currency", label("currency", language)),
        Column("input", label("plain_amount", language), "money"),
        Column("unallocated", label("not_reached", language), "money"),
        Column("share", label("share", language), "share"),
    )
    rows: list[tuple[Cell, ...]] = []
    for month in facts.months:
        run = f"{links.allocation}/v1/runs/{month.run.id}"
        rows.append(
            (
                Text(month.run.period, run),
                Text(month.currency),
                Money(month.input, month.currency, href=run),
                Money(month.unallocated, month.currency, href=f"{run}/unallocated"),
                share(month.unallocated, month.input),
            )
        )
    return Table("months", label("unallocated_course", language), columns, tuple(rows))


def owner_table(cost: CostFacts, links: Links, language: Language) -> Table:
    """With whom open amounts lie, and how many months the oldest of each has been open."""
    columns = (
        Column("owner", label("owner", language)),
        Column("objects", label("objects", language), "number", True),
        Column("since", label("since", language)),
        Column("age", label("age", language), "number"),
        Column("amount", label("amount", language, currency=cost.run.currency), "money", True),
        Column("share", label("share", language), "share", True),
    )
    by_owner: dict[str, list[UnallocatedRow]] = {}
    for row in cost.unallocated:
        by_owner.setdefault(row.owner or "", []).append(row)
    sums = {owner: add_exactly([row.amount for row in rows]) for owner, rows in by_owner.items()}
    source = links.of_run("unallocated")
    rows: list[tuple[Cell, ...]] = []
    for owner, amount in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])):
        since = min((row.since for row in by_owner[owner] if row.since), default=None)
        age: Cell = Missing()
        if since:
            age = Number(Decimal(months_between(since, cost.run.period)))
        rows.append(
            (
                Text(owner or label("no_owner", language), source),
                Number(Decimal(len(by_owner[owner]))),
                Text(since) if since else Missing(),
                age,
                money(amount, cost, source),
                share(amount, cost.run.input),
            )
        )
    total = add_exactly(list(sums.values()))
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        Number(Decimal(len(cost.unallocated))),
        Missing(),
        Missing(),
        money(total, cost),
        share(total, cost.run.input),
    )
    return Table("owners", label("unallocated_owners", language), columns, tuple(rows), totals)


def source_table(facts: QualityFacts, source: str, language: Language) -> Table:
    """One line for each source, one column for each figure; what is not good says so."""
    names = list(dict.fromkeys(each.name for each in facts.measures))
    counts = dict(facts.rows)
    columns = (
        Column("source", label("source", language)),
        Column("rows", label("rows", language), "number"),
        *(Column(name, term("measure", name, language), "number") for name in names),
        Column("status", label("state", language)),
    )
    sources = list(dict.fromkeys(each.source for each in facts.measures))
    rows: list[tuple[Cell, ...]] = []
    for one in sources:
        found = {each.name: each for each in facts.measures if each.source == one}
        number = sum(counts.values()) if one is None else counts.get(one, 0)
        rows.append(
            (
                Text(label("all_sources", language) if one is None else one, source),
                Number(Decimal(number)),
                *(measure_cell(found[name], source, language) for name in names),
                Text(_states(list(found.values()), language)),
            )
        )
    return Table("sources_quality", label("sources_quality", language), columns, tuple(rows))


def measure_cell(each: SourceMeasure, source: str, language: Language) -> Cell:
    """A share as per cent, days and counts as numbers, else nothing."""
    if each.value is None:
        return Missing()
    if each.unit == "share":
        return Share(each.value, source)
    return Number(each.value, digits=1 if each.unit == "days" else 0, href=source)


def _states(found: list[SourceMeasure], language: Language) -> str:
    """The worst state, with the figures that are in it."""
    for state in ("bad", "warning"):
        named = [term("measure", each.name, language) for each in found if each.status == state]
        if named:
            comma = "、" if language == "zh-CN" else ", "
            return f"{term('quality', state, language)}: {comma.join(named)}"
    return term("quality", "good", language)


def breach_table(facts: QualityFacts, source: str, language: Language) -> Table:
    """Each of the company's own rules that a source broke."""
    columns = (
        Column("rule", label("rule", language)),
        Column("source", label("source", language)),
        Column("severity", label("severity", language)),
        Column("value", label("value_column", language), "number"),
        Column("threshold", label("threshold", language), "number"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Text(each.rule, source),
            Text(each.source),
            Text(term("severity", each.severity, language)),
            Missing() if each.value is None else Number(each.value),
            Number(each.threshold),
        )
        for each in facts.breaches
    )
    return Table("breaches", label("breaches", language), columns, rows)


def import_table(facts: QualityFacts, links: Links, language: Language) -> Table:
    """Every import that brought rows for the period; the link leads to its rejected rows."""
    columns = (
        Column("file", label("file", language)),
        Column("source", label("source", language)),
        Column("import_kind", label("import_kind", language)),
        Column("state", label("state", language)),
        Column("received_at", label("received_at", language)),
        Column("rows", label("rows", language), "number", True),
        Column("rejected", label("rejected", language), "number", True),
        Column("duplicates", label("duplicates", language), "number", True),
        Column("rejected_share", label("rejected_share", language), "share"),
    )
    rows: list[tuple[Cell, ...]] = []
    for each in facts.imports:
        address = f"{links.ingest}/v1/imports/{each.id}"
        fraction = share_of(Decimal(each.rejected), Decimal(each.rows))
        rows.append(
            (
                Text(each.file, address),
                Text(each.source),
                Text(each.kind),
                Text(term("import", each.status, language)),
                Text(each.created_at.strftime("%Y-%m-%d %H:%M")),
                Number(Decimal(each.rows), href=address),
                Number(Decimal(each.rejected), href=f"{address}/rejects"),
                Number(Decimal(each.duplicates), href=address),
                Missing() if fraction is None else Share(fraction),
            )
        )
    sums = [
        Number(Decimal(sum(getattr(each, key) for each in facts.imports)))
        for key in ("rows", "rejected", "duplicates")
    ]
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        *(Missing() for _ in range(4)),
        *sums,
        Missing(),
    )
    return Table("imports", label("import_list", language), columns, tuple(rows), totals)
