"""What observations linked to some things say of a KPI, apart from the whole."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from services.valuation.measures.value_kpis.domain import Aggregation, aggregate
from services.valuation.measures.value_kpis.series import Readings


def value_of_links(
    readings: Readings,
    code: str,
    month: str,
    choices: Sequence[Collection[str]],
    join: Aggregation | None = None,
) -> Decimal | None:
    """The value of a month for the first set of links (`consumer:EAST`) that has observations.

    Each link's observations are joined by the KPI's aggregation, several links by `join` (else
    by the same). Never the formula or unlinked observations, which are of the whole.
    """
    rule = readings.rules.get(code)
    if rule is None:
        return None
    for keys in choices:
        by_link: dict[str, list[Decimal]] = {}
        for seen in readings.seen.get((code, month), ()):
            if seen.link_key in keys:
                by_link.setdefault(seen.link_key, []).append(seen.value)
        if by_link:
            each = [aggregate(values, rule.aggregation) for values in by_link.values()]
            known = [value for value in each if value is not None]
            return aggregate(known, join or rule.aggregation)
    return None
