"""What was promised in money and what came of it, added up by group and month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from services.valuation.measures.value_kpis.domain import round_fraction


@dataclass(frozen=True)
class Stake:
    """One expectation's money, in one group (a portfolio, a sponsor, a kind) and currency."""

    group: str | None
    currency: str
    expected: Decimal
    realised: Decimal | None  # None: not reviewed yet, or not measured


@dataclass(frozen=True)
class Extra:
    """Money that a review found beyond every promise."""

    group: str | None
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Realisation:
    """Expected and realised money of a group; the rate is over what was measured.

    `expected` = `measured` + `unmeasured`; `rate` = realised / measured, None without any.
    `realised_extra` is in none of the others.
    """

    group: str | None
    currency: str
    expected: Decimal
    measured: Decimal
    unmeasured: Decimal
    realised: Decimal
    realised_extra: Decimal
    rate: Decimal | None
    expectations: int


@dataclass
class Sums:
    """Exact sums of one group or month."""

    expected: Fraction = Fraction(0)
    measured: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)
    extra: Fraction = Fraction(0)
    stakes: int = 0

    def add(self, stake: Stake, sign: int = 1) -> None:
        """Count a stake in, or with -1 out again."""
        self.expected += sign * Fraction(stake.expected)
        if stake.realised is not None:
            self.measured += sign * Fraction(stake.expected)
            self.realised += sign * Fraction(stake.realised)
        self.stakes += sign

    @property
    def rate(self) -> Decimal | None:
        """Realised / measured."""
        return round_fraction(self.realised / self.measured) if self.measured else None


def sum_realisation(stakes: Iterable[Stake], extras: Iterable[Extra] = ()) -> list[Realisation]:
    """Sum stakes and extras by group and currency; groups by name, the nameless one last."""
    groups: dict[tuple[str | None, str], Sums] = {}
    for stake in stakes:
        groups.setdefault((stake.group, stake.currency), Sums()).add(stake)
    for extra in extras:
        sums = groups.setdefault((extra.group, extra.currency), Sums())
        sums.extra += Fraction(extra.amount)
    ordered = sorted(groups, key=lambda key: (key[0] is None, key[0] or "", key[1]))
    return [_group(key, groups[key]) for key in ordered]


def _group(key: tuple[str | None, str], sums: Sums) -> Realisation:
    return Realisation(
        group=key[0],
        currency=key[1],
        expected=round_fraction(sums.expected, 18),
        measured=round_fraction(sums.measured, 18),
        unmeasured=round_fraction(sums.expected - sums.measured, 18),
        realised=round_fraction(sums.realised, 18),
        realised_extra=round_fraction(sums.extra, 18),
        rate=sums.rate,
        expectations=sums.stakes,
    )


@dataclass(frozen=True)
class History:
    """How one promise stood: (month, stake) in order of time, the last of a month counts."""

    states: Sequence[tuple[str, Stake]]


@dataclass(frozen=True)
class Month:
    """What had been promised and reached up to a month, in one currency."""

    period: str
    currency: str
    expected: Decimal
    measured: Decimal
    realised: Decimal
    realised_extra: Decimal
    rate: Decimal | None


@dataclass
class _Changes:
    """What a month changes of the sums of its currency."""

    stakes: list[tuple[Stake, int]] = field(default_factory=list)
    extra: Fraction = Fraction(0)


def draw_over_time(
    histories: Iterable[History], extras: Iterable[tuple[str, Extra]] = ()
) -> list[Month]:
    """Cumulative sums at every month that changes them, by month and currency.

    The last month of a currency has the sums of `sum_realisation` over the same promises.
    """
    changes: dict[tuple[str, str], _Changes] = {}
    for history in histories:
        before: Stake | None = None
        for period, stake in history.states:
            if before is not None:
                key = (period, before.currency)
                changes.setdefault(key, _Changes()).stakes.append((before, -1))
            changes.setdefault((period, stake.currency), _Changes()).stakes.append((stake, 1))
            before = stake
    for period, extra in extras:
        change = changes.setdefault((period, extra.currency), _Changes())
        change.extra += Fraction(extra.amount)
    return _accumulate(changes)


def _accumulate(changes: dict[tuple[str, str], _Changes]) -> list[Month]:
    running: dict[str, Sums] = {}
    months = []
    for (period, currency), change in sorted(changes.items()):
        sums = running.setdefault(currency, Sums())
        for stake, sign in change.stakes:
            sums.add(stake, sign)
        sums.extra += change.extra
        months.append(_month(period, currency, sums))
    return months


def _month(period: str, currency: str, sums: Sums) -> Month:
    return Month(
        period=period,
        currency=currency,
        expected=round_fraction(sums.expected, 18),
        measured=round_fraction(sums.measured, 18),
        realised=round_fraction(sums.realised, 18),
        realised_extra=round_fraction(sums.extra, 18),
        rate=sums.rate,
    )
