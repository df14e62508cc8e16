"""The SQL of what allocation was told of assets, and of what it is still to be told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from shared.tables.ingest.assets import Asset


@dataclass(frozen=True)
class Untold:
    """An asset to be told, its tower, and the resource of its code as allocation has it."""

    asset_id: UUID
    live_from: int
    code: str
    names: dict[str, str]
    tags: dict[str, str]
    tower: str
    tower_is_known: bool
    resource: dict[str, Any] | None
    last_closed: str | None


@dataclass(frozen=True)
class Told:
    """What allocation answered about one version of an asset; no code: it was taken."""

    asset_id: UUID
    live_from: int
    code: str | None
    message: str | None


@dataclass(frozen=True)
class Standing:
    """How many assets stand how with allocation, the refused ones by code."""

    published: int
    pending: int
    refused: Mapping[str, int]
    last_told_at: datetime | None


# What may stand above a resource: another one, or an asset that becomes one.
_UNTOLD = """
select a.asset_id, a.live_from, a.code, a.names, a.tags, a.tower,
    exists (select 1 from cost_object t where t.layer = 'resource' and t.code = a.tower)
        or exists (select 1 from asset t where t.live_to is null and t.code = a.tower
            and t.tower is not null) as tower_is_known,
    case when o.id is not null then jsonb_strip_nulls(jsonb_build_object('names', o.names,
        'descriptions', nullif(o.descriptions, '{}'), 'tags', o.tags, 'attributes', o.attributes,
        'standard', o.standard, 'valid_from', o.valid_from, 'valid_to', o.valid_to,
        'owner', o.owner, 'unit_driver', o.unit_driver, 'capacity_driver', o.capacity_driver,
        'value_chain_stage', o.value_chain_stage)) end as resource,
    (select max(p.period) from accounting_period p where p.status = 'closed') as last_closed
from asset a
left join asset_object s on s.asset_id = a.asset_id
left join cost_object o on o.layer = 'resource' and o.code = a.code
where a.live_to is null and a.tower is not null and a.code > :after
and (s.told is null or s.told < a.live_from or (:again and s.code is not null))
order by a.code limit :limit
"""


def list_untold(session: Session, after: str, limit: int, *, again: bool) -> list[Untold]:
    """Assets that allocation does not know as they are now, by code; `again`: also refused ones."""
    found = session.execute(text(_UNTOLD), {"after": after, "limit": limit, "again": again})
    return [Untold(**row._mapping) for row in found]


def keep_told(session: Session, told: Iterable[Told]) -> None:
    """Note what allocation has answered."""
    rows = [vars(one) for one in told]
    if rows:
        session.execute(
            text(
                "insert into asset_object (asset_id, told, code, message, told_at)"
                " values (:asset_id, :live_from, :code, :message, now())"
                " on conflict (asset_id) do update set told = excluded.told, code = excluded.code,"
                " message = excluded.message, told_at = excluded.told_at"
            ),
            rows,
        )


def find_told(session: Session, assets: Sequence[Asset]) -> dict[UUID, Row[Any]]:
    """What was told of these assets: `told`, `code` and `message` by their ids."""
    found = session.execute(
        text("select asset_id, told, code, message from asset_object where asset_id = any(:ids)"),
        {"ids": [row.asset_id for row in assets]},
    )
    return {row.asset_id: row for row in found}


def count_standing(session: Session) -> Standing:
    """How the assets with a tower stand with allocation."""
    found = session.execute(
        text(
            "select case when s.told is null or s.told < a.live_from then 'pending'"
            " when s.code is null then 'published' else 'refused' end as standing, s.code,"
            " count(*) as assets, max(s.told_at) as told_at from asset a"
            " left join asset_object s on s.asset_id = a.asset_id"
            " where a.live_to is null and a.tower is not null group by 1, 2 order by 2"
        )
    ).all()
    moments = [row.told_at for row in found if row.told_at is not None]
    return Standing(
        published=sum(row.assets for row in found if row.standing == "published"),
        pending=sum(row.assets for row in found if row.standing == "pending"),
        refused={row.code: row.assets for row in found if row.standing == "refused"},
        last_told_at=max(moments, default=None),
    )
