"""The SQL of assets: versions under one lasting id, their use, their wear and their end."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text
from sqlmodel import Session, col

from services.ingest.changes.repository import A_PUSH, lock_spans, mark_changed, next_change
from services.ingest.facts.repository import ALL_TIME, FactTable
from shared.errors import NotFound
from shared.tables.ingest.assets import Asset

ASSETS = FactTable(
    "asset",
    "assets",
    key=("code",),
    values=(
        "asset_id",
        "names",
        "asset_class",
        "status",
        "vendor",
        "serial_number",
        "cost",
        "currency",
        "residual_value",
        "purchased_on",
        "useful_life_months",
        "life_ends",
        "capacity",
        "utilisation_driver",
        "kwh",
        "embodied_kgco2e",
        "tower",
        "solution",
        "consumer",
        "tags",
    ),
    types={
        "asset_id": "uuid",
        "names": "jsonb",
        "cost": "numeric(38,18)",
        "residual_value": "numeric(38,18)",
        "purchased_on": "date",
        "useful_life_months": "integer",
        "capacity": "numeric(38,18)",
        "kwh": "numeric(38,18)",
        "embodied_kgco2e": "numeric(38,18)",
        "tags": "jsonb",
    },
    period=f"'{ALL_TIME}'",
    identity="asset_id",
    closes_with_period=False,
)
SPANS = [(ALL_TIME, "actual")]


def lock_assets(session: Session) -> None:
    """Make this transaction the only writer of assets until it ends."""
    lock_spans(session, ASSETS.topic, SPANS)


def identify_assets(session: Session) -> None:
    """Give the drafts the ids by which their codes have always been known, new codes new ids."""
    lock_assets(session)
    session.execute(
        text(
            "update fact_draft d set asset_id = coalesce((select f.asset_id from asset f"
            " where f.code = d.code order by f.live_from desc limit 1), uuidv7())"
        )
    )


def get_asset(session: Session, asset_id: UUID) -> Asset:
    """The live version of an asset."""
    query = select(Asset).where(col(Asset.asset_id) == asset_id, col(Asset.live_to).is_(None))
    found: Asset | None = session.execute(query).scalars().first()
    if found is None:
        raise NotFound(f"asset {asset_id}")
    return found


def end_asset(session: Session, row: Asset) -> None:
    """Close the live version of an asset; nothing comes after it."""
    number = next_change(session)
    session.execute(
        text("update asset set live_to = :number, closed_by = :by where id = :id"),
        {"number": number, "by": A_PUSH, "id": row.id},
    )
    mark_changed(session, ASSETS.topic, SPANS, number)


def list_query(filters: Mapping[str, Any], tags: Mapping[str, str]) -> Select[Any]:
    """The live assets with these values and tags."""
    query = select(Asset).where(col(Asset.live_to).is_(None))
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(Asset, name) == value)
    for name, value in tags.items():
        query = query.where(col(Asset.tags)[name].astext == value)
    return query


def ending_query(
    until: str, gone: Collection[str], filters: Mapping[str, Any], *, include_gone: bool
) -> Select[Any]:
    """The live assets whose useful life ends in a month or before, those in use unless asked."""
    query = list_query(filters, {}).where(col(Asset.life_ends) <= until)
    if include_gone:
        return query
    status = text("lower(coalesce(asset.status, '')) <> all(cast(:gone as text[]))")
    return query.where(status.bindparams(gone=sorted(gone)))


def used_quantities(
    session: Session, period: str, drivers: Mapping[str, str]
) -> dict[str, Decimal]:
    """How much was used of each asset (code -> driver) in a period.

    What an asset gave to others counts where it is the source of quantities, else what is measured
    on the asset itself.
    """
    found = session.execute(
        text(
            "with asked as (select * from unnest(cast(:codes as text[]), cast(:drivers as text[]))"
            " as a(code, driver)), measured as ("
            " select a.code, true as given, q.quantity from asked a join driver_quantity q"
            " on q.driver = a.driver and q.source = a.code where q.period = :period"
            " and q.scenario = 'actual' and q.live_to is null"
            " union all select a.code, false, q.quantity from asked a join driver_quantity q"
            " on q.driver = a.driver and q.target = a.code and q.source is null"
            " where q.period = :period and q.scenario = 'actual' and q.live_to is null)"
            " select code, coalesce(sum(quantity) filter (where given),"
            " sum(quantity) filter (where not given)) as used from measured group by code"
        ),
        {"codes": list(drivers), "drivers": list(drivers.values()), "period": period},
    )
    return {row.code: row.used for row in found}


def depreciating(session: Session, period: str) -> Iterator[Sequence[Row[Any]]]:
    """Stretches of the assets in whose useful life a period lies, by code."""
    last = ""
    while True:
        query = (
            select(*(getattr(Asset, name) for name in ASSETS.columns))
            .where(
                col(Asset.live_to).is_(None),
                col(Asset.code) > last,
                col(Asset.cost).is_not(None),
                col(Asset.life_ends) >= period,
                text("to_char(asset.purchased_on, 'YYYY-MM') <= :period").bindparams(period=period),
            )
            .order_by(col(Asset.code))
            .limit(5_000)
        )
        rows = session.execute(query).all()
        if not rows:
            return
        yield rows
        last = rows[-1].code


def brought_with_tower(session: Session, import_id: UUID) -> bool:
    """Whether an import has brought assets that stand below a tower."""
    found = session.execute(
        text(
            "select exists (select 1 from asset where import_id = :id and live_to is null"
            " and tower is not null)"
        ),
        {"id": import_id},
    )
    return bool(found.scalar_one())


def count_incomplete(session: Session) -> int:
    """How many live assets cannot depreciate for want of a cost, a day or a useful life."""
    found = session.execute(
        text(
            "select count(*) from asset where live_to is null"
            " and (cost is null or life_ends is null)"
        )
    )
    return int(found.scalar_one())


def depreciation_lines(session: Session, source: str, period: str) -> list[str]:
    """The external ids of a source's live lines of a period."""
    found = session.execute(
        text(
            "select external_id from cost_line where source = :source and period = :period"
            " and scenario = 'actual' and live_to is null and external_id is not null"
        ),
        {"source": source, "period": period},
    )
    return list(found.scalars())
