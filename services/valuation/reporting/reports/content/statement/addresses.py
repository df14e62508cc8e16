"""Where the figures of a bill come from."""

from urllib.parse import urlencode

from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.statement.facts import BillLine, StatementFacts


def bill_address(bill: StatementFacts, links: Links) -> str:
    """The issued statement, if it is the whole bill; else the lines of the view."""
    if bill.statement_id and not bill.below:
        return f"{links.allocation}/v1/statements/{bill.statement_id}"
    return view_address(bill, links)


def view_address(bill: StatementFacts, links: Links) -> str:
    """The lines of the view of the consumer and all below it."""
    return _below(bill.consumer, links)


def _below(consumer: str, links: Links) -> str:
    return f"{links.of_view('consumers')}&{urlencode({'under': consumer})}"


def line_address(line: BillLine, bill: StatementFacts, links: Links) -> str:
    """What the line's object cost, traced back; the bill itself for what no object charged."""
    if line.kind == "below":
        return _below(line.code, links)
    if line.kind != "charge" or not line.code:
        return bill_address(bill, links)
    return links.of_object(line.layer, line.code)


def explain_address(bill: StatementFacts, links: Links) -> str:
    """How the consumer's amount came about, step by step."""
    asked = urlencode({"layer": "consumer", "code": bill.consumer})
    return f"{links.of_run('explain')}?{asked}"


def dispute_address(bill: StatementFacts, period: str, links: Links) -> str:
    """The disputes of this consumer and period."""
    asked = urlencode({"period": period, "consumer": bill.consumer})
    return f"{links.allocation}/v1/disputes?{asked}"
