"""The tables of a consumer statement."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, share_of, shown_digits
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.statement.addresses import (
    bill_address,
    line_address,
    view_address,
)
from services.valuation.reporting.reports.content.statement.facts import (
    BillLine,
    Origin,
    StatementFacts,
)
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

_UNIT_PRICE_DIGITS = 4


def line_table(bill: StatementFacts, links: Links, language: Language) -> Table:
    """One line for each solution (or what was charged directly); columns nobody fills are left out.

    The lines add up to the bill exactly.
    """
    used = any(line.quantity is not None for line in bill.lines)
    extra = ("driver", "quantity", "unit_price") if used else ()
    kinds = {"quantity": "number", "unit_price": "money"}
    columns = (
        Column("name", label("line", language)),
        Column("code", label("code", language), on_paper=False),
        Column("kind", label("kind", language)),
        *(
            Column(key, label(key, language, currency=bill.currency), kinds.get(key, "text"))
            for key in extra
        ),
        Column("amount", label("amount", language, currency=bill.currency), "money", True),
        Column("share", label("share_of_bill", language), "share", True),
    )
    rows = []
    for line in sorted(bill.lines, key=lambda each: (-each.amount, each.kind, each.code)):
        source = line_address(line, bill, links)
        used_cells = _used(line, bill) if used else ()
        rows.append(
            (
                Text(_line_name(line, language), source),
                Text(line.code),
                Text(term("line_kind", line.kind, language)),
                *used_cells,
                _money(line.amount, bill, bill_address(bill, links)),
                _share(line.amount, bill.amount),
            )
        )
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        *(Missing() for _ in range(2 + len(extra))),
        _money(add_exactly([line.amount for line in bill.lines]), bill),
        _share(bill.amount, bill.amount),
    )
    return Table("bill_lines", label("bill_lines", language), columns, tuple(rows), totals)


def _line_name(line: BillLine, language: Language) -> str:
    if line.name:
        return line.name
    return label("own_amount", language) if line.kind == "own" else line.code


def _used(line: BillLine, bill: StatementFacts) -> tuple[Cell, ...]:
    price: Cell = Missing()
    if line.unit_price is not None:
        price = Money(line.unit_price, bill.currency, _UNIT_PRICE_DIGITS)
    quantity: Cell = Missing() if line.quantity is None else Number(line.quantity)
    return (Text(line.driver) if line.driver else Missing(), quantity, price)


def month_table(bill: StatementFacts, links: Links, language: Language) -> Table:
    """The cost of each month by its published run, and the change on the month before."""
    columns = (
        Column("month", label("month", language)),
        Column("amount", label("amount", language, currency=bill.currency), "money", True),
        Column("change", label("change", language), "share"),
        Column("run", label("run", language)),
    )
    rows: list[tuple[Cell, ...]] = []
    before: Decimal | None = None
    for month in bill.months:
        run = f"{links.allocation}/v1/runs/{month.run.id}"
        change: Cell = Missing()
        if before:
            change = _share(month.amount - before, abs(before))
        amount = _money(month.amount, bill, view_address(bill, links))
        rows.append((Text(month.run.period, run), amount, change, Text(month.run.id, run)))
        before = month.amount
    total = add_exactly([month.amount for month in bill.months])
    totals = (Text(label("total", language)), _money(total, bill), Missing(), Missing())
    return Table("bill_months", label("bill_months", language), columns, tuple(rows), totals)


def origin_table(bill: StatementFacts, links: Links, language: Language) -> Table:
    """The largest pools behind the cost in the run; all others are one line, so that it adds up."""
    columns = (
        Column("name", label("name", language)),
        Column("code", label("code", language), on_paper=False),
        Column("amount", label("amount", language, currency=bill.currency), "money", True),
        Column("share", label("share_of_bill", language), "share", True),
    )
    rows: list[tuple[Cell, ...]] = []
    for origin in bill.origins:
        source = links.of_object("pool", origin.code) if origin.code else None
        amount = _money(origin.amount, bill, links.of_object("consumer", bill.consumer))
        name = Text(_origin_name(origin, language), source)
        rows.append((name, Text(origin.code or ""), amount, _share(origin.amount, bill.traced)))
    if bill.origins_rest:
        rest = Text(label("other_pools", language))
        share = _share(bill.origins_rest, bill.traced)
        rows.append((rest, Text(""), _money(bill.origins_rest, bill), share))
    totals = (
        Text(label("total", language)),
        Missing(),
        _money(bill.traced, bill),
        _share(bill.traced, bill.traced),
    )
    return Table("bill_origins", label("bill_origins", language), columns, tuple(rows), totals)


def _origin_name(origin: Origin, language: Language) -> str:
    if origin.kind == "own":
        return label("own_amount", language)
    return origin.name or term("origin", origin.kind, language)


def complaint_table(bill: StatementFacts, links: Links, language: Language) -> Table:
    """Every dispute about a line of the bill with what became of it."""
    columns = (
        Column("line", label("line", language)),
        Column("reason", label("reason", language)),
        Column("amount", label("amount", language, currency=bill.currency), "money", True),
        Column("state", label("state", language)),
        Column("raised_by", label("raised_by", language)),
        Column("decision", label("decision", language)),
    )
    rows: list[tuple[Cell, ...]] = []
    for each in sorted(bill.complaints, key=lambda one: one.id):
        source = f"{links.allocation}/v1/disputes/{each.id}"
        rows.append(
            (
                Text(each.line, source),
                Text(each.reason),
                _money(each.amount, bill, source),
                Text(term("dispute", each.status, language)),
                Text(each.raised_by),
                Text(each.decision) if each.decision else Missing(),
            )
        )
    total = add_exactly([each.amount for each in bill.complaints])
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        Missing(),
        _money(total, bill),
        *(Missing() for _ in range(3)),
    )
    title = label("bill_complaints", language)
    return Table("bill_complaints", title, columns, tuple(rows), totals)


def _money(amount: Decimal, bill: StatementFacts, href: str | None = None) -> Money:
    return Money(amount, bill.currency, shown_digits(bill.amount, bill.currency), href)


def _share(part: Decimal, whole: Decimal) -> Cell:
    fraction = share_of(part, whole)
    return Missing() if fraction is None else Share(fraction)
