"""The SQL of what arrived from each source, and of assets that look alike."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlmodel import Session

from services.ingest.assets.lookalike_repository import pairs_query
from services.ingest.data_quality.domain import Deliveries

Key = tuple[str, str]
"""A source and a period."""

MAX_ASSET_PAIRS = 100
_OF_PERIODS = """
with delivery as materialized (
    select i.source, p.period, i.status, i.rows_received, i.rows_rejected, i.rows_duplicate,
        i.amounts, i.created_at
    from data_import i cross join lateral (
        select e.period from jsonb_array_elements_text(i.periods) as e(period)
        union all select coalesce(i.period, to_char(i.created_at, 'YYYY-MM'))
        where jsonb_array_length(i.periods) = 0
    ) p
    where i.status in ('succeeded', 'failed') and i.scenario = :scenario
        and p.period = any(:periods)
)
"""
_COUNTS = f"""{_OF_PERIODS}
select source, period, count(*) filter (where status = 'succeeded'),
    count(*) filter (where status = 'failed'),
    cast(coalesce(sum(rows_received) filter (where status = 'succeeded'), 0) as bigint),
    cast(coalesce(sum(rows_rejected) filter (where status = 'succeeded'), 0) as bigint),
    cast(coalesce(sum(rows_duplicate) filter (where status = 'succeeded'), 0) as bigint),
    min(created_at) filter (where status = 'succeeded')
from delivery group by 1, 2
"""
_MONEY = f"""{_OF_PERIODS}
select source, period, a.currency, sum(a.received), sum(a.rejected), sum(a.duplicate)
from delivery cross join lateral jsonb_to_recordset(amounts)
    as a(currency text, received numeric, rejected numeric, duplicate numeric)
where status = 'succeeded' group by 1, 2, 3
"""
_MOMENTS = """
select source, min(first_at), max(last_at) from (
    select source, min(created_at) as first_at, max(finished_at) as last_at from data_import
    where status = 'succeeded' group by 1
    union all
    select s.code, min(y.finished_at), max(y.finished_at) from source s
    join source_sync y on y.source_id = s.id where y.status = 'succeeded' group by 1
) moments group by 1
"""


@dataclass(frozen=True)
class SimilarAssets:
    """Two assets that may be one thing, bought or entered twice, and what makes them alike."""

    codes: Sequence[str]
    days_apart: int | None
    reasons: Sequence[str]


def deliveries_of(session: Session, periods: list[str], scenario: str) -> dict[Key, Deliveries]:
    """What imports brought, by source and period; one of several periods counts in each.

    An import of which nothing was kept belongs to the period that it named, else to the month in
    which it came.
    """
    binds = {"periods": periods, "scenario": scenario}
    money: dict[Key, dict[str | None, tuple[Decimal, Decimal, Decimal]]] = defaultdict(dict)
    for source, period, currency, *amounts in session.execute(text(_MONEY), binds):
        received, rejected, duplicate = (amount or Decimal(0) for amount in amounts)
        money[source, period][currency] = (received, rejected, duplicate)
    return {
        (source, period): Deliveries(
            imports, failed, received, rejected, duplicate, money[source, period], first_at
        )
        for source, period, imports, failed, received, rejected, duplicate, first_at in (
            session.execute(text(_COUNTS), binds)
        )
    }


def moments_of(session: Session) -> dict[str, tuple[datetime, datetime | None]]:
    """By source, when its first import came and when its last import or sync was finished."""
    return {source: (first, last) for source, first, last in session.execute(text(_MOMENTS))}


def similar_assets(session: Session, within_days: int) -> tuple[int, list[SimilarAssets]]:
    """How many pairs of assets may be one asset, and the first of them."""
    _, pair = pairs_query(within_days, None)
    query = (
        select(pair.first_code, pair.second_code, pair.days_apart, pair.reasons,
               func.count().over())
        .order_by(pair.second_code, pair.first_code)
        .limit(MAX_ASSET_PAIRS)
    )  # fmt: skip
    rows = session.execute(query).all()
    found = [SimilarAssets([first, second], days, why) for first, second, days, why, _ in rows]
    return (rows[0][4] if rows else 0), found
