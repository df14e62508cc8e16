"""A bill as plain values, its course over months, its origins and the complaints about it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.valuation.reporting.reports.content.inputs import MonthRun


@dataclass(frozen=True)
class BillLine:
    """One line of a bill; what has no driver has neither quantity nor unit price.

    Kind `below` is a consumer directly below with all that is below it in turn.
    """

    kind: str
    layer: str
    code: str
    name: str
    amount: Decimal
    driver: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class MonthAmount:
    """What the consumer cost in the run of one month."""

    run: MonthRun
    amount: Decimal


@dataclass(frozen=True)
class Origin:
    """A cost pool that the bill goes back to; without a code it is the consumer's own amount."""

    code: str | None
    name: str
    kind: str
    amount: Decimal


@dataclass(frozen=True)
class Complaint:
    """A dispute about one line of the bill."""

    id: str
    line: str
    reason: str
    status: str
    amount: Decimal
    raised_by: str
    decision: str


@dataclass(frozen=True)
class StatementFacts:
    """The bill of one consumer and period.

    With a statement, the amounts are those issued, in minor units; without one (`statement_id` is
    empty) they are the run's, to every digit. Consumers below count with theirs; `unbilled` says
    that some figures are the run's. `traced` = the origins + `origins_rest`.
    """

    consumer: str
    name: str
    currency: str
    amount: Decimal
    lines: tuple[BillLine, ...]
    statement_id: str = ""
    statement_code: str = ""
    issued_at: datetime | None = None
    run_amount: Decimal | None = None
    unbilled: bool = False
    months: tuple[MonthAmount, ...] = ()
    missing: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    origins_rest: Decimal = Decimal(0)
    traced: Decimal = Decimal(0)
    complaints: tuple[Complaint, ...] = ()
    newest_at: datetime | None = None

    @property
    def below(self) -> tuple[BillLine, ...]:
        """The lines of consumers below."""
        return tuple(line for line in self.lines if line.kind == "below")
