"""The SQL that finds assets which look as if one thing had been bought, or entered, twice."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Integer, Select, String, Uuid, column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col

from shared.tables.ingest.assets import Asset

# Each asset is paired with the one before it among those that are alike, never with all of them:
# ten thousand equal laptops make ten thousand pairs, not fifty million. Things with serial numbers
# of their own are different things, however alike they are.
_PAIRS = """
with live as (
    select a.id, a.code, a.asset_class, a.cost, a.currency, a.purchased_on,
        nullif(lower(regexp_replace(coalesce(a.vendor, ''), '[^[:alnum:]]+', '', 'g')), '')
            as vendor,
        nullif(lower(regexp_replace(coalesce(a.names ->> 'en', a.names ->> 'zh-CN', ''),
            '[^[:alnum:]]+', '', 'g')), '') as name,
        nullif(lower(regexp_replace(coalesce(a.serial_number, ''), '[^[:alnum:]]+', '', 'g')), '')
            as serial
    from asset a where a.live_to is null
), priced as (
    select * from live where cost > 0 and purchased_on is not null
), alike as (
    select id as second_id, 'same_serial_number' as reason,
        lag(id) over (partition by asset_class, serial order by purchased_on, code) as first_id
    from live where serial is not null
    union all select id, 'same_vendor',
        lag(id) over (partition by asset_class, cost, currency, vendor order by purchased_on, code)
    from priced where vendor is not null
    union all select id, 'similar_name',
        lag(id) over (partition by asset_class, cost, currency, name order by purchased_on, code)
    from priced where name is not null
), paired as (
    select first_id, second_id, array_agg(reason order by reason) as reasons
    from alike where first_id is not null group by 1, 2
)
select concat(s.code, chr(31), f.code) as pair, f.code as first_code, s.code as second_code,
    p.first_id, p.second_id, s.purchased_on, abs(s.purchased_on - f.purchased_on) as days_apart,
    p.reasons || case when s.asset_class is not distinct from f.asset_class and s.cost = f.cost
        and s.currency = f.currency then array['same_cost'] else '{}' end as reasons
from paired p join live f on f.id = p.first_id join live s on s.id = p.second_id
where 'same_serial_number' = any(p.reasons)
    or ((f.serial is null or s.serial is null)
        and s.purchased_on - f.purchased_on <= :within_days)
"""


def pairs_query(within_days: int, code: str | None) -> tuple[Select[Any], Any]:
    """Pairs of assets that look alike, and the columns by which they can be ordered."""
    pairs = (
        text(_PAIRS)
        .bindparams(within_days=within_days)
        .columns(
            column("pair", String(collation="C")),
            column("first_code", String(collation="C")),
            column("second_code", String(collation="C")),
            column("first_id", Uuid),
            column("second_id", Uuid),
            column("purchased_on", Date),
            column("days_apart", Integer),
            column("reasons", ARRAY(String)),
        )
        .subquery("pairs")
    )
    query = select(pairs.c.first_id, pairs.c.second_id, pairs.c.days_apart, pairs.c.reasons)
    if code is not None:
        query = query.where(or_(pairs.c.first_code == code, pairs.c.second_code == code))
    return query, pairs.c


def find_versions(session: Session, ids: Iterable[UUID]) -> dict[UUID, Asset]:
    """Versions of assets by their own ids."""
    query = select(Asset).where(col(Asset.id).in_(list(ids)))
    return {row.id: row for row in session.execute(query).scalars()}
