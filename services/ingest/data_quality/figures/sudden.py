"""Which amounts and row counts of a source are far from what they were."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from services.ingest.data_quality.domain import (
    HISTORY_PERIODS,
    NO_FIGURES,
    Dimension,
    Group,
    PeriodFigures,
    SourceFigures,
    median,
    share_of,
)
from shared.money import EXACT
from shared.periods import next_period

THIN_BELOW = 3
SPREADS = 5
NORMAL = Decimal("1.4826")
"""Makes the median absolute deviation comparable with a standard deviation."""
LEAST_SPREAD_SHARE = Decimal("0.05")
THIN_FACTOR = 3
LEAST_SHARE = Decimal("0.01")
LEAST_ROWS = 10
NOTHING = (0, Decimal(0))
Reason = Literal["outside_spread", "tripled", "appeared", "ended"]


@dataclass(frozen=True)
class Judged:
    """How far a figure is from its history, and why that is too far."""

    before: Decimal
    spread: Decimal
    reason: Reason


@dataclass(frozen=True)
class Sudden:
    """One figure of a source that changed suddenly; history is oldest first."""

    source: str
    dimension: Dimension
    key: str | None
    measure: Literal["amount", "rows"]
    currency: str | None
    now: Decimal
    history: Sequence[tuple[str, Decimal]]
    judged: Judged

    @property
    def factor(self) -> Decimal | None:
        """After over before, to six decimals."""
        return share_of(self.now, self.judged.before)

    @property
    def size(self) -> Decimal:
        """How much it is away from the median."""
        return abs(EXACT.subtract(self.now, self.judged.before))


def judge(now: Decimal, history: Sequence[Decimal]) -> Judged | None:
    """Hold a figure against earlier ones.

    With three or more it is flagged beyond five spreads from their median, where the spread is at
    least a twentieth of the median; so no change below a quarter is. With fewer it is flagged
    when it tripled, fell to a third, appeared or ended. Without any it cannot be judged.
    """
    if not history:
        return None
    before = median(history)
    deviation = median([abs(EXACT.subtract(one, before)) for one in history])
    spread = EXACT.multiply(NORMAL, deviation)
    distance = abs(EXACT.subtract(now, before))
    if len(history) >= THIN_BELOW:
        least = EXACT.multiply(LEAST_SPREAD_SHARE, abs(before))
        if distance <= SPREADS * max(spread, least):
            return None
    elif not _is_tripled(now, before):
        return None
    return Judged(before, spread, _reason(now, history))


def _is_tripled(now: Decimal, before: Decimal) -> bool:
    if not now or not before or (now < 0) != (before < 0):
        return now != before
    small, large = sorted((abs(now), abs(before)))
    return large >= THIN_FACTOR * small


def _reason(now: Decimal, history: Sequence[Decimal]) -> Reason:
    if not any(history):
        return "appeared"
    if not now:
        return "ended"
    return "outside_spread" if len(history) >= THIN_BELOW else "tripled"


def history_of(
    source: str, period: str, figures: Mapping[str, PeriodFigures]
) -> list[tuple[str, SourceFigures]]:
    """The source's figures in those of the six periods before in which it sent lines."""
    found = []
    for months in range(-HISTORY_PERIODS, 0):
        earlier = next_period(period, months)
        if earlier in figures and source in figures[earlier].sources:
            found.append((earlier, figures[earlier].sources[source]))
    return found


def sudden_changes(source: str, period: str, figures: Mapping[str, PeriodFigures]) -> list[Sudden]:
    """What changed suddenly in a period, the largest money first, then the rows.

    Of accounts and vendors only what moves a hundredth of the source's money, or of its rows. A
    source that sent nothing is not complete; that its accounts ended goes without saying.
    """
    history = history_of(source, period, figures)
    now = figures.get(period, NO_FIGURES).sources.get(source)
    if not history or now is None:
        return []
    found = [*_amounts(source, now, history), *_rows(source, now, history)]
    return sorted(
        found,
        key=lambda one: (one.measure, one.dimension != "source", -one.size, one.key or ""),
    )


def _amounts(
    source: str, now: SourceFigures, history: Sequence[tuple[str, SourceFigures]]
) -> Iterator[Sudden]:
    figures = [now, *(one for _, one in history)]
    currencies = {currency for one in figures for currency in one.money}
    least = {currency: _least(currency, now, history) for currency in currencies}
    # Nothing moves as far as that whose every amount is below half of it.
    half = {currency: amount / 2 for currency, amount in least.items()}
    large = {
        group
        for one in figures
        for group, (_, amount) in one.groups.items()
        if abs(amount) >= half[group[2]]
    }
    whole: set[Group] = {("source", None, currency) for currency in currencies}
    for dimension, key, currency in sorted(large | whole, key=str):
        group = (dimension, key, currency)
        amount = now.groups.get(group, NOTHING)[1]
        before = [(period, one.groups.get(group, NOTHING)[1]) for period, one in history]
        judged = judge(amount, [value for _, value in before])
        if judged is None:
            continue
        found = Sudden(source, dimension, key, "amount", currency, amount, before, judged)
        if dimension == "source" or found.size >= least[currency]:
            yield found


def _least(
    currency: str, now: SourceFigures, history: Sequence[tuple[str, SourceFigures]]
) -> Decimal:
    usual = median([one.gross.get(currency, Decimal(0)) for _, one in history])
    return EXACT.multiply(LEAST_SHARE, max(usual, now.gross.get(currency, Decimal(0))))


def _rows(
    source: str, now: SourceFigures, history: Sequence[tuple[str, SourceFigures]]
) -> Iterator[Sudden]:
    usual = median([Decimal(one.rows) for _, one in history])
    least = max(Decimal(LEAST_ROWS), EXACT.multiply(LEAST_SHARE, max(usual, Decimal(now.rows))))
    figures = [now, *(one for _, one in history)]
    large = {key for one in figures for key, count in one.rows_by_key.items() if 2 * count >= least}
    for dimension, key in sorted(large, key=str):
        count = Decimal(now.rows_by_key.get((dimension, key), 0))
        before = [
            (period, Decimal(one.rows_by_key.get((dimension, key), 0))) for period, one in history
        ]
        judged = judge(count, [value for _, value in before])
        if judged is None:
            continue
        found = Sudden(source, dimension, key, "rows", None, count, before, judged)
        if found.size >= least:
            yield found
