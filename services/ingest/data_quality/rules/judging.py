"""What a rule finds: a figure per source, and per currency where it is money."""

import operator
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.ingest.data_quality.domain import median, share_of, total_of
from services.ingest.data_quality.rules.counting_repository import Counted
from shared.money import EXACT

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
CHANGES = frozenset({"change", "count_change"})
OF_MONEY = frozenset({"amount", "amount_share", "change"})
Found = Mapping[tuple[str, str, str], Counted]


@dataclass(frozen=True)
class RuleMeasures:
    """What a rule measures; `place` is where its counts stand in what was counted."""

    measure: str
    currency: str | None
    operator: str
    threshold: Decimal
    place: int


@dataclass(frozen=True)
class Finding:
    """The figure of one source; null where there is nothing to measure, which is no breach."""

    source: str
    currency: str | None
    value: Decimal | None
    breached: bool


def findings_of(
    rule: RuleMeasures, period: str, found: Found, earlier: Sequence[str], known: Collection[str]
) -> Iterator[Finding]:
    """The figures of every source that has lines in the period, or is known to have had some."""
    here = {(source, currency) for one, source, currency in found if one == period}
    for source in sorted({source for source, _ in here} | set(known)):
        currencies: list[str | None] = [rule.currency]
        if rule.measure in OF_MONEY and rule.currency is None:
            currencies = [one for own, one in sorted(here) if own == source] or [None]
        for currency in currencies:
            value = _value(rule, period, source, currency, found, earlier)
            breached = value is not None and OPERATORS[rule.operator](value, rule.threshold)
            yield Finding(source, currency, value, breached)


def _value(
    rule: RuleMeasures,
    period: str,
    source: str,
    currency: str | None,
    found: Found,
    earlier: Sequence[str],
) -> Decimal | None:
    counted = _counted(found, period, source, currency)
    rows = sum(one.rows for one in counted)
    mine = [one.of_rules[rule.place] for one in counted]
    lines = sum(one[0] for one in mine)
    if rule.measure == "count":
        return Decimal(lines)
    if rule.measure == "share":
        return share_of(lines, rows)
    if rule.measure == "missing_share":
        return share_of(sum(one[3] for one in mine), lines)
    if rule.measure == "amount":
        return total_of(one[1] for one in mine)
    if rule.measure == "amount_share":
        return share_of(total_of(one[2] for one in mine), total_of(one.gross for one in counted))
    return _change(rule, period, source, currency, found, earlier)


def _change(
    rule: RuleMeasures,
    period: str,
    source: str,
    currency: str | None,
    found: Found,
    earlier: Sequence[str],
) -> Decimal | None:
    """How much more than the median of the earlier periods in which the source had lines."""
    place = 1 if rule.measure == "change" else 0

    def figure(one: str) -> Decimal:
        counted = _counted(found, one, source, currency)
        return total_of(Decimal(each.of_rules[rule.place][place]) for each in counted)

    history = [figure(one) for one in earlier if _counted(found, one, source, None)]
    before = median(history) if history else Decimal(0)
    return share_of(EXACT.subtract(figure(period), before), abs(before))


def _counted(found: Found, period: str, source: str, currency: str | None) -> list[Counted]:
    return [
        counted
        for (one, own, money), counted in sorted(found.items())
        if one == period and own == source and currency in {None, money}
    ]
