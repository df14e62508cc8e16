"""The figures of tickets: hours, shares, and how many are still open at the end of a month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from shared.money import EXACT
from shared.periods import Period

SIX_DECIMALS = Decimal("0.000001")


@dataclass(frozen=True)
class Stay:
    """So many tickets of a key were opened in one month and ended in another (None: not yet)."""

    key: str | None
    opened: Period
    ended: Period | None
    tickets: int


def hours(seconds: Decimal | None) -> Decimal | None:
    """Seconds as hours, 6 decimals."""
    return None if seconds is None else share(seconds, 3600)


def share(part: Decimal, whole: int) -> Decimal | None:
    """A part of a whole, 6 decimals; nothing of nothing."""
    if whole == 0:
        return None
    return EXACT.divide(part, Decimal(whole)).quantize(SIX_DECIMALS, ROUND_HALF_EVEN, EXACT)


def mean_hours(seconds: Decimal, tickets: int) -> Decimal | None:
    """The mean of so many tickets, 6 decimals, rounded once."""
    return share(seconds, tickets * 3600)


def backlogs(stays: Sequence[Stay], end: Period) -> dict[str | None, int]:
    """By key, the tickets that were opened by the end of a month and had not ended by then."""
    counted: dict[str | None, int] = {}
    for stay in _open_at(stays, end):
        counted[stay.key] = counted.get(stay.key, 0) + stay.tickets
    return counted


def _open_at(stays: Iterable[Stay], end: Period) -> Iterable[Stay]:
    return (
        stay for stay in stays if stay.opened <= end and (stay.ended is None or stay.ended > end)
    )
