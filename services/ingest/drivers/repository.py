"""The SQL of drivers."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select, text
from sqlmodel import Session, col

from shared.derived_drivers import DerivedQuantity, Facts, derive
from shared.errors import NotFound
from shared.tables.ingest.facts import Driver, DriverQuantity

NOW = 2**62
"""Later than every change: the facts as they are at present."""
# A target's own quantity beats the sum of what it has per source.
_TOTALS = """
select driver, period, trim_scale(sum(quantity)) from (
    select driver, period, target,
        case when cast(:source as text) is not null then sum(quantity)
        else coalesce(sum(quantity) filter (where source is null), sum(quantity)) end as quantity
    from driver_quantity
    where live_to is null and driver = any(:codes) and scenario = :scenario
    and period >= :first and period <= :last
    and (cast(:target as text) is null or target = :target)
    and (cast(:source as text) is null or source = :source)
    group by driver, period, target
) per_target group by driver, period
"""


def get_driver(session: Session, driver_id: UUID, *, lock: bool = False) -> Driver:
    """One driver by its id; `lock` keeps it, and quantities that would name it, from changing."""
    found = session.get(Driver, driver_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"driver {driver_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, Driver]:
    """The drivers that have these codes."""
    query = select(Driver).where(col(Driver.code).in_(list(codes)))
    return {found.code: found for found in session.execute(query).scalars()}


def has_quantities(session: Session, code: str) -> bool:
    """Whether any quantity, live or not, names the driver."""
    query = select(exists().where(col(DriverQuantity.driver) == code))
    return bool(session.execute(query).scalar_one())


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Drivers with these values."""
    query = select(Driver)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(Driver, name) == value)
    return query


def totals(
    session: Session,
    codes: Sequence[str],
    months: tuple[str, str],
    scenario: str,
    target: str | None,
    source: str | None,
) -> dict[str, dict[str, Decimal]]:
    """The present quantities of drivers that were sent, added up by month."""
    if not codes:
        return {}
    bound = {
        "codes": list(codes),
        "first": months[0],
        "last": months[1],
        "scenario": scenario,
        "target": target,
        "source": source,
    }
    found: dict[str, dict[str, Decimal]] = {}
    for driver, period, quantity in session.execute(text(_TOTALS), bound):
        found.setdefault(driver, {})[period] = quantity
    return found


def derived_now(
    session: Session, code: str, period: str, scenario: str
) -> Sequence[DerivedQuantity]:
    """The present quantities of a driver that is derived from tickets or from counts of lines."""
    return derive(session, code, Facts(period, scenario, NOW, NOW), {})
