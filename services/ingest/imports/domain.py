"""What must hold of an import: control totals, share of rejects, every cent in its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from shared.errors import FieldError, Problem, RuleBroken
from shared.money import plain

Sums = Mapping[str | None, Decimal]


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


def check_control_totals(expected: Expected, rows: int, money: Sums) -> None:
    """Refuse a file that does not hold what its sender says; 422 `control_totals_differ`."""
    errors = []
    if expected.rows is not None and expected.rows != rows:
        errors.append(_differs("rows", str(expected.rows), str(rows)))
    readable = {currency: amount for currency, amount in money.items() if currency is not None}
    if expected.amount is not None:
        found = " and ".join(f"{plain(sum_)} {code}" for code, sum_ in readable.items())
        if list(readable.values()) != [expected.amount]:
            errors.append(_differs("amount", plain(expected.amount), found or "nothing"))
    for code, amount in (expected.amounts or {}).items():
        if readable.get(code, Decimal(0)) != amount:
            found = plain(readable.get(code, Decimal(0)))
            errors.append(_differs(f"amounts/{code}", plain(amount), found))
    for code in sorted(set(readable) - set(expected.amounts or readable)):
        errors.append(_differs(f"amounts/{code}", "nothing", plain(readable[code])))
    if errors:
        raise RuleBroken(
            "The file does not hold what the control totals say; nothing was loaded.",
            code="control_totals_differ",
            errors=errors,
        )


def check_reject_share(totals: Totals, most: Decimal | None) -> None:
    """Refuse a file of which too large a share was rejected; 422 `too_many_rejects`."""
    if most is not None and Decimal(totals.rejected) > most * totals.received:
        raise RuleBroken(
            f"{totals.rejected} of {totals.received} rows were rejected, more than the share of"
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
