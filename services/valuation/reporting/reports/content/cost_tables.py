"""Tables of cost by object, and the cells that their figures are made of."""

from collections.abc import Sequence
from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, share_of, shown_digits
from services.valuation.reporting.reports.content.inputs import CostFacts, CostRow
from services.valuation.reporting.reports.content.links import Links
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
from services.valuation.reporting.reports.wording.labels import label
from shared.money import add_exactly

_TYPES = ("opex", "capex")


def rows_of(cost: CostFacts, layer: str) -> tuple[CostRow, ...]:
    """The rows of one layer that hold money or a budget, largest first, ties by code."""
    by_layer = {
        "pool": cost.pools,
        "resource": cost.towers,
        "solution": cost.solutions,
        "consumer": cost.consumers,
    }
    told = [row for row in by_layer[layer] if row.amount or row.budget]
    return tuple(sorted(told, key=lambda row: (-row.amount, row.code)))


def money(amount: Decimal, cost: CostFacts, href: str | None = None) -> Money:
    """An amount in the run's currency, with as many digits as the run's size asks for."""
    currency = cost.run.currency
    return Money(amount, currency, shown_digits(cost.run.input, currency), href)


def share(part: Decimal, whole: Decimal, href: str | None = None) -> Share | Missing:
    """A part of the whole, or nothing where there is no whole."""
    fraction = share_of(part, whole)
    return Missing() if fraction is None else Share(fraction, href)


def cost_table(
    layer: str,
    title: str,
    cost: CostFacts,
    links: Links,
    language: Language,
) -> Table:
    """Names, codes, amounts with their share of the run; columns without any figure are left out.

    Rows of a layer need not add up to the run (money may skip a layer): the total is theirs.
    """
    rows = rows_of(cost, layer)
    total = add_exactly([row.amount for row in rows])
    types = _present_types(rows)
    columns = [
        Column("name", label("name", language)),
        Column("code", label("code", language), on_paper=False),
        *(
            Column(
                kind,
                _in_currency(label(_type_label(kind), language), cost, language),
                "money",
                True,
            )
            for kind in types
        ),
        Column("amount", label("amount", language, currency=cost.run.currency), "money", True),
        Column("share", label("share", language), "share", True),
    ]
    extra = [
        (key, kind)
        for key, kind in (
            ("budget", "money"),
            ("variance", "money"),
            ("quantity", "number"),
            ("unit_cost", "money"),
        )
        if any(getattr(row, key) is not None for row in rows)
    ]
    columns += [
        Column(key, label(key, language, currency=cost.run.currency), kind) for key, kind in extra
    ]
    lines = []
    for row in rows:
        source = links.of_object(layer, row.code) if row.code else links.of_view("finance")
        parts = dict(row.parts)
        line: list[Cell] = [Text(row.name, source), Text(row.code)]
        line += [money(_of_type(parts, kind), cost) for kind in types]
        line += [money(row.amount, cost, source), share(row.amount, cost.run.input)]
        line += [_extra_cell(getattr(row, key), kind, cost) for key, kind in extra]
        lines.append(tuple(line))
    totals: list[Cell] = [Text(label("total", language)), Missing()]
    totals += [
        money(add_exactly([_of_type(dict(row.parts), kind) for row in rows]), cost)
        for kind in types
    ]
    totals += [money(total, cost), share(total, cost.run.input), *(Missing() for _ in extra)]
    return Table(layer, label(title, language), tuple(columns), tuple(lines), tuple(totals))


def consumption_table(cost: CostFacts, links: Links, language: Language) -> Table:
    """Who consumes what: each consumer's cost by solution, largest consumer first."""
    columns = (
        Column("consumer", label("consumer", language)),
        Column("consumer_code", label("code", language), on_paper=False),
        Column("solution", label("solution", language)),
        Column("solution_code", label("code", language), on_paper=False),
        Column("amount", label("amount", language, currency=cost.run.currency), "money", True),
        Column("share", label("share_of_consumer", language), "share"),
    )
    lines: list[tuple[Cell, ...]] = []
    for row in rows_of(cost, "consumer"):
        name, code = Text(row.name, links.of_object("consumer", row.code)), Text(row.code)
        for item in sorted(row.consumed, key=lambda item: (-item.amount, item.layer, item.code)):
            lines.append(
                (
                    name,
                    code,
                    Text(item.name, links.of_object(item.layer, item.code)),
                    Text(item.code),
                    money(item.amount, cost),
                    share(item.amount, row.amount),
                )
            )
    total = add_exactly([item.amount for row in cost.consumers for item in row.consumed])
    empty = Missing()
    totals = (Text(label("total", language)), empty, empty, empty, money(total, cost), empty)
    return Table("consumption", label("consumption", language), columns, tuple(lines), totals)


def _extra_cell(value: Decimal | None, kind: str, cost: CostFacts) -> Cell:
    if value is None:
        return Missing()
    return money(value, cost) if kind == "money" else Number(value)


def _in_currency(what: str, cost: CostFacts, language: Language) -> str:
    return label("in_currency", language, what=what, currency=cost.run.currency)


def _present_types(rows: Sequence[CostRow]) -> list[str]:
    """OpEx, CapEx and, where a line said neither, the rest."""
    seen = {kind for row in rows for kind, _ in row.parts}
    known = [kind for kind in _TYPES if kind in seen]
    return [*known, "untyped"] if seen - set(_TYPES) else known


def _type_label(kind: str) -> str:
    return kind if kind in _TYPES else "untyped"


def _of_type(parts: dict[str, Decimal], kind: str) -> Decimal:
    if kind != "untyped":
        return parts.get(kind, Decimal(0))
    return add_exactly([amount for name, amount in parts.items() if name not in _TYPES])
