"""The chapters of a consumer statement: the bill, its course, its origins, its disputes."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, share_of, shown_digits
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.statement.addresses import (
    bill_address,
    dispute_address,
    explain_address,
    line_address,
    view_address,
)
from services.valuation.reporting.reports.content.statement.facts import StatementFacts
from services.valuation.reporting.reports.content.statement.tables import (
    complaint_table,
    line_table,
    month_table,
    origin_table,
)
from services.valuation.reporting.reports.document import (
    Cell,
    Money,
    Number,
    Section,
    Sentence,
    Share,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence
from shared.money import add_exactly

_OPEN = {"open", "in_review"}


def statement_sections(
    bill: StatementFacts, period: str, links: Links, language: Language
) -> list[Section]:
    """What is to be paid and for what; how it went on; why; what is disputed."""
    bound = Bill(bill, period, links, language)
    sections = [
        Section(
            "bill",
            label("bill", language),
            tuple(bound.said()),
            tables=(line_table(bill, links, language),) if bill.lines else (),
        )
    ]
    if bill.months:
        table = month_table(bill, links, language)
        sections.append(
            Section("course", label("course", language), tuple(bound.course()), tables=(table,))
        )
    if bill.origins:
        table = origin_table(bill, links, language)
        sections.append(
            Section("origins", label("origins", language), tuple(bound.why()), tables=(table,))
        )
    tables = (complaint_table(bill, links, language),) if bill.complaints else ()
    title = label("complaints", language)
    sections.append(Section("complaints", title, (bound.disputed(),), tables=tables))
    return sections


class Bill:
    """A bill while it is put into words; every figure carries the address that shows it."""

    def __init__(self, bill: StatementFacts, period: str, links: Links, language: Language) -> None:
        self.bill, self.period, self.links, self.language = bill, period, links, language

    def money(self, amount: Decimal, href: str) -> Money:
        """An amount of the bill."""
        digits = shown_digits(self.bill.amount, self.bill.currency)
        return Money(amount, self.bill.currency, digits, href)

    def say(self, key: str, kind: str = "statement", /, **cells: Cell) -> Sentence:
        """A sentence with its cells."""
        return sentence(key, self.language, cells, kind)

    def said(self) -> list[Sentence]:
        """The amount, on which ground, and the largest line."""
        bill, links = self.bill, self.links
        source = bill_address(bill, links)
        name, period = Text(bill.name, source), Text(self.period)
        amount = self.money(bill.amount, source)
        if bill.below:
            said = self._with_below(name, amount, period)
        elif bill.issued_at is None:
            key = "bill_of_run" if bill.lines else "bill_nothing"
            said = [self.say(key, name=name, amount=amount, period=period)]
        else:
            day = Text(bill.issued_at.date().isoformat(), source)
            code = Text(bill.statement_code, source)
            said = [
                self.say("bill_issued", name=name, amount=amount, period=period, code=code, day=day)
            ]
        if bill.run_amount is not None and bill.run_amount != bill.amount:
            exact = Money(bill.run_amount, bill.currency, 6, source)
            said.append(self.say("bill_rounding", "note", run_amount=exact))
        return [*said, *self._largest(), *self._changed()]

    def _with_below(self, name: Cell, amount: Cell, period: Cell) -> list[Sentence]:
        """Whole, own part and the part of the consumers below; what was not billed is noted."""
        bill, source = self.bill, view_address(self.bill, self.links)
        below = add_exactly([line.amount for line in bill.below])
        said = [
            self.say(
                "bill_below",
                name=name,
                amount=amount,
                period=period,
                own=self.money(bill.amount - below, source),
                below=self.money(below, source),
                count=Number(Decimal(len(bill.below)), href=source),
            )
        ]
        if bill.issued_at is not None:
            statement = f"{self.links.allocation}/v1/statements/{bill.statement_id}"
            code, day = Text(bill.statement_code, statement), bill.issued_at.date().isoformat()
            said.append(self.say("bill_own_issued", code=code, day=Text(day, statement)))
        if bill.unbilled:
            said.append(self.say("bill_unbilled", "note"))
        return said

    def _largest(self) -> list[Sentence]:
        named = [line for line in self.bill.lines if line.name]
        if len(self.bill.lines) < 2 or not named:
            return []
        line = max(named, key=lambda each: (each.amount, each.code))
        source = line_address(line, self.bill, self.links)
        share = share_of(line.amount, self.bill.amount)
        if share is None:
            return []
        cells: dict[str, Cell] = {
            "line": Text(line.name, source),
            "amount": self.money(line.amount, source),
            "share": Share(share, source),
        }
        return [self.say("bill_largest", **cells)]

    def _changed(self) -> list[Sentence]:
        if len(self.bill.months) < 2:
            return []
        before, now = self.bill.months[-2:]
        gap, source = now.amount - before.amount, view_address(self.bill, self.links)
        month = Text(before.run.period, source)
        if not gap:
            return [self.say("bill_same", month=month)]
        share = share_of(abs(gap), abs(before.amount))
        told: Cell = Text("–") if share is None else Share(share, source)
        key = "bill_change" if gap > 0 else "bill_change_down"
        return [self.say(key, amount=self.money(abs(gap), source), share=told, month=month)]

    def course(self) -> list[Sentence]:
        """How many months are told of, and which are missing."""
        source = view_address(self.bill, self.links)
        count = Number(Decimal(len(self.bill.months)), href=source)
        said = [self.say("several_runs", count=count)]
        if self.bill.missing:
            months = Text(", ".join(self.bill.missing), source)
            said.append(self.say("months_missing", "warning", months=months))
        return said

    def why(self) -> list[Sentence]:
        """The largest pool behind the bill, and where every step is told."""
        largest = self.bill.origins[0]
        source = self.links.of_object("consumer", self.bill.consumer)
        share = share_of(largest.amount, self.bill.traced)
        said = []
        if share is not None and largest.code:
            amount = self.money(largest.amount, source)
            pool = Text(largest.name, source)
            said.append(
                self.say("bill_origin", pool=pool, amount=amount, share=Share(share, source))
            )
        where = Text(label("explanation", self.language), explain_address(self.bill, self.links))
        return [*said, self.say("bill_why", "note", where=where)]

    def disputed(self) -> Sentence:
        """How many lines are disputed and over how much money."""
        found = self.bill.complaints
        if not found:
            return self.say("complaints_none", "note")
        source = dispute_address(self.bill, self.period, self.links)
        still = sum(each.status in _OPEN for each in found)
        amount = add_exactly([each.amount for each in found])
        return self.say(
            "complaints_some",
            "warning" if still else "statement",
            count=Number(Decimal(len(found)), href=source),
            open=Number(Decimal(still), href=source),
            amount=self.money(amount, source),
        )
