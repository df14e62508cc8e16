"""How far results fall from promises, and what that says for the next promise.

A share is realised / expected, which for one promise is its attainment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from services.valuation.measures.value_kpis.domain import round_fraction

LEAST = 8  # shares under which nothing is said
ClassName = Literal["same_kpi", "same_kind_and_portfolio", "same_kind", "all"]


@dataclass(frozen=True)
class Promised:
    """What kind of promise it was."""

    initiative: str
    kpi: str | None = None
    kind: str | None = None
    level: str | None = None
    portfolio: str | None = None
    sponsor: str | None = None


@dataclass(frozen=True)
class Experience:
    """What came of one earlier promise."""

    promised: Promised
    share: Decimal


@dataclass(frozen=True)
class Bias:
    """Where shares lie; all None with the reason `too_little_data` under `LEAST` of them."""

    group: str | None
    n: int
    reason: Literal["too_little_data"] | None = None
    mean: Decimal | None = None
    median: Decimal | None = None
    p10: Decimal | None = None
    p90: Decimal | None = None
    spread: Decimal | None = None
    optimism_bias: Decimal | None = None


def quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    """The value below which a share lies, interpolated linearly between sorted neighbours."""
    place = (len(ordered) - 1) * share
    low = place.numerator // place.denominator
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def measure_bias(shares: Iterable[Decimal], group: str | None = None) -> Bias:
    """Mean, median, percentiles and the optimism bias (1 - median) of shares."""
    ordered = sorted(Fraction(share) for share in shares)
    if len(ordered) < LEAST:
        return Bias(group, len(ordered), "too_little_data")
    low, middle, high = (quantile(ordered, Fraction(part, 10)) for part in (1, 5, 9))
    return Bias(
        group=group,
        n=len(ordered),
        mean=round_fraction(sum(ordered, Fraction(0)) / len(ordered)),
        median=round_fraction(middle),
        p10=round_fraction(low),
        p90=round_fraction(high),
        spread=round_fraction(high - low),
        optimism_bias=round_fraction(1 - middle),
    )


def group_bias(
    experiences: Iterable[Experience], group_of: Callable[[Promised], str | None]
) -> list[Bias]:
    """The bias of each group by name, the nameless one last."""
    groups: dict[str | None, list[Decimal]] = {}
    for each in experiences:
        groups.setdefault(group_of(each.promised), []).append(each.share)
    ordered = sorted(groups, key=lambda name: (name is None, name or ""))
    return [measure_bias(groups[name], name) for name in ordered]


@dataclass(frozen=True)
class Reference:
    """The reference class that speaks for a promise; `bias` is None where none is large enough."""

    sizes: Sequence[tuple[ClassName, int]]
    chosen: ClassName | None
    bias: Bias | None


def choose_reference(promise: Promised, experiences: Sequence[Experience]) -> Reference:
    """The narrowest class with enough shares: same KPI, else kind and portfolio, kind, all.

    A promise without a KPI (kind, portfolio) has an empty class of it. Results of the promise's
    own initiative do not speak for it.
    """
    others = [each for each in experiences if each.promised.initiative != promise.initiative]
    classes: list[tuple[ClassName, list[Decimal]]] = [
        ("same_kpi", _alike(promise, others, "kpi")),
        ("same_kind_and_portfolio", _alike(promise, others, "kind", "portfolio")),
        ("same_kind", _alike(promise, others, "kind")),
        ("all", _alike(promise, others)),
    ]
    sizes = [(name, len(shares)) for name, shares in classes]
    for name, shares in classes:
        if len(shares) >= LEAST:
            return Reference(sizes, name, measure_bias(shares))
    return Reference(sizes, None, None)


def _alike(promise: Promised, others: Sequence[Experience], *traits: str) -> list[Decimal]:
    """Shares of promises that have the same traits; none where the promise lacks one."""
    wanted = [getattr(promise, trait) for trait in traits]
    if None in wanted:
        return []
    return [
        each.share
        for each in others
        if [getattr(each.promised, trait) for trait in traits] == wanted
    ]


def correct_target(baseline: Decimal, target: Decimal, factor: Decimal) -> Decimal:
    """As much of the promised way from the baseline as experience goes."""
    way = Fraction(target) - Fraction(baseline)
    return round_fraction(Fraction(baseline) + way * Fraction(factor), 18)


def correct_amount(amount: Decimal, factor: Decimal) -> Decimal:
    """As much of a promised amount as experience reaches."""
    return round_fraction(Fraction(amount) * Fraction(factor), 18)
