"""What must hold of an import: control totals, share of rejects, every cent in its place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from shared.errors import FieldError, Problem, RuleBroken
from shared.money import EXACT, plain

Sums = Mapping[str | None, Decimal]
Billed = Mapping[str, Mapping[str | None, Decimal]]


@dataclass(frozen=True)
class Totals:
    """Rows and money of an import. received = accepted + rejected + duplicate, always."""

    received: int
    accepted: int
    rejected: int
    duplicate: int
    unreadable_amount: int = 0
    money_received: Sums = field(default_factory=dict)
    money_accepted: Sums = field(default_factory=dict)
    money_rejected: Sums = field(default_factory=dict)
    money_duplicate: Sums = field(default_factory=dict)

    def amounts(self) -> list[dict[str, str | None]]:
        """Money per currency as stored and answered; null last."""
        currencies = {
            *self.money_received,
            *self.money_accepted,
            *self.money_rejected,
            *self.money_duplicate,
        }
        return [
            {
                "currency": currency,
                "received": plain(self.money_received.get(currency, Decimal(0))),
                "accepted": plain(self.money_accepted.get(currency, Decimal(0))),
                "rejected": plain(self.money_rejected.get(currency, Decimal(0))),
                "duplicate": plain(self.money_duplicate.get(currency, Decimal(0))),
            }
            for currency in sorted(currencies, key=lambda code: (code is None, code or ""))
        ]


@dataclass(frozen=True)
class Expected:
    """What the sender says that the file holds."""

    rows: int | None = None
    amount: Decimal | None = None
    amounts: Mapping[str, Decimal] | None = None
    invoices: Mapping[str, Decimal] | None = None


@dataclass(frozen=True)
class Held:
    """What the file holds: all its rows, and those among them that are totals of others.

    A sender may have counted the total rows or not; both are right.
    """

    rows: int
    money: Sums
    total_rows: int = 0
    total_money: Sums = field(default_factory=dict)
    billed: Billed = field(default_factory=dict)

    def row_counts(self) -> set[int]:
        """The numbers of rows that a sender may rightly state."""
        return {self.rows, self.rows - self.total_rows}

    def readings(self) -> list[dict[str, Decimal]]:
        """The sums by currency that a sender may rightly state: with and without total rows."""
        everything = {code: sum_ for code, sum_ in self.money.items() if code is not None}
        if not self.total_rows:
            return [everything]
        lines = {
            code: EXACT.subtract(sum_, self.total_money.get(code, Decimal(0)))
            for code, sum_ in everything.items()
        }
        return [lines, everything]


def check_control_totals(expected: Expected, held: Held) -> None:
    """Refuse a file that does not hold what its sender says; 422 `control_totals_differ`."""
    errors = []
    if expected.rows is not None and expected.rows not in held.row_counts():
        errors.append(_differs("rows", str(expected.rows), str(held.rows)))
    if expected.amount is not None:
        errors += _first_fit(_amount_differs(expected.amount, sums) for sums in held.readings())
    if expected.amounts is not None:
        errors += _first_fit(_amounts_differ(expected.amounts, sums) for sums in held.readings())
    if expected.invoices is not None:
        errors += invoices_that_differ(expected.invoices, held.billed)
    if errors:
        raise RuleBroken(
            "The file does not hold what the control totals say; nothing was loaded.",
            code="control_totals_differ",
            errors=errors,
        )


def _first_fit(readings: Iterable[list[FieldError]]) -> list[FieldError]:
    """No errors when one reading has none, else those of the first."""
    tried = list(readings)
    return [] if [] in tried else tried[0]


def _amount_differs(said: Decimal, sums: Mapping[str, Decimal]) -> list[FieldError]:
    if list(sums.values()) == [said]:
        return []
    found = " and ".join(f"{plain(sum_)} {code}" for code, sum_ in sums.items())
    return [_differs("amount", plain(said), found or "nothing")]


def _amounts_differ(said: Mapping[str, Decimal], sums: Mapping[str, Decimal]) -> list[FieldError]:
    errors = [
        _differs(f"amounts/{code}", plain(amount), plain(sums.get(code, Decimal(0))))
        for code, amount in said.items()
        if sums.get(code, Decimal(0)) != amount
    ]
    return errors + [
        _differs(f"amounts/{code}", "nothing", plain(sums[code]))
        for code in sorted(set(sums) - set(said))
    ]


def invoices_that_differ(said: Mapping[str, Decimal], billed: Billed) -> list[FieldError]:
    """The invoices that a bill does not add up to, as faults of the control totals."""
    errors = []
    for invoice, amount in said.items():
        sums = billed.get(invoice, {})
        if list(sums.values()) != [amount] and not (not sums and amount == 0):
            found = " and ".join(
                f"{plain(sum_)} {code or ''}".strip() for code, sum_ in sums.items()
            )
            message = f"the control totals say {plain(amount)}, the bill holds {found or 'nothing'}"
            pointer = invoice.replace("~", "~0").replace("/", "~1")
            errors.append(FieldError(f"/control_totals/invoices/{pointer}", "differs", message))
    return errors


def check_reject_share(totals: Totals, most: Decimal | None, footing_totals: int = 0) -> None:
    """Refuse a file of which too large a share was rejected; 422 `too_many_rejects`.

    Total rows that foot are rejects, for they are no lines, but nothing is wrong with them.
    """
    rejected = totals.rejected - footing_totals
    if most is not None and Decimal(rejected) > most * totals.received:
        raise RuleBroken(
            f"{rejected} of {totals.received} rows were rejected, more than the share of"
            f" {plain(most)} allowed; nothing was loaded.",
            code="too_many_rejects",
        )


def check_every_row(totals: Totals) -> None:
    """Fail when the two ways of counting differ: a fault of ours, never to be hidden."""
    rows = totals.accepted + totals.rejected + totals.duplicate
    wrong = [] if rows == totals.received else [f"rows {totals.received} and {rows}"]
    for entry in totals.amounts():
        parts = sum(Decimal(entry[name] or 0) for name in ("accepted", "rejected", "duplicate"))
        if parts != Decimal(entry["received"] or 0):
            wrong.append(f"{entry['currency']} {entry['received']} and {parts}")
    if wrong:
        raise Problem(
            f"The rows do not add up ({'; '.join(wrong)}); nothing was loaded.",
            code="totals_do_not_add_up",
        )


def _differs(name: str, said: str, found: str) -> FieldError:
    message = f"the control totals say {said}, the file holds {found}"
    return FieldError(f"/control_totals/{name}", "differs", message)
