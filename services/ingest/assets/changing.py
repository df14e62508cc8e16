"""Changes of assets that callers push: a change closes one version and adds one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import Session

from services.ingest.assets import repository
from services.ingest.assets.domain import last_period
from services.ingest.assets.publishing import publish_later
from services.ingest.assets.repository import ASSETS
from services.ingest.facts.workflow import push_facts
from shared.auth import Caller
from shared.contracts.bulk import BulkResult
from shared.contracts.ingest.assets import AssetPatch, AssetRequest
from shared.errors import Problem, RuleBroken
from shared.http.problems import field_errors
from shared.tables.ingest.assets import Asset


@dataclass
class KnownAsset:
    """What an ETag of an asset is made of: its lasting id and the change that made it so."""

    id: UUID
    version: int


def push_assets(
    session: Session, caller: Caller, items: Sequence[AssetRequest | Problem]
) -> list[BulkResult]:
    """Upsert by code; what became of each, in their order. Allocation is told of towers later."""
    results = push_facts(session, ASSETS, items, _row_of, prepare=repository.identify_assets)
    stored = {result.index for result in results if result.status in {"created", "updated"}}
    if any(_has_tower(items[index]) for index in stored):
        publish_later(session, caller.subject)
    return results


def change_asset(session: Session, caller: Caller, row: Asset, patch: AssetPatch) -> Asset:
    """The asset after a merge patch; RuleBroken when it would not be valid."""
    wanted = _patched(row, patch)
    push_assets(session, caller, [wanted])
    session.expire_all()
    return repository.get_asset(session, row.asset_id)


def _has_tower(item: AssetRequest | Problem) -> bool:
    return isinstance(item, AssetRequest) and item.tower is not None


def _row_of(item: AssetRequest) -> tuple[Any, ...]:
    """An asset in the order of the columns of its table."""
    values = item.model_dump(include=set(ASSETS.columns))
    values["asset_id"] = None
    values["names"] = json.dumps(item.names.stored())
    values["tags"] = json.dumps(item.tags)
    values["life_ends"] = last_period(item.purchased_on, item.useful_life_months)
    return tuple(values[name] for name in ASSETS.columns)


def _patched(row: Asset, patch: AssetPatch) -> AssetRequest:
    after: dict[str, Any] = {
        name: getattr(row, name) for name in AssetRequest.model_fields if name != "code"
    }
    for name, value in patch.model_dump(exclude_unset=True).items():
        merging = name in {"names", "tags"} and value is not None
        after[name] = _merged(after[name], value) if merging else value
    after["tags"] = after["tags"] or {}
    try:
        return AssetRequest.model_validate({"code": row.code, **after})
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RuleBroken(
            "the asset would not be valid", code="invalid", errors=field_errors(found)
        ) from error


def _merged(before: dict[str, str], patch: dict[str, str | None]) -> dict[str, str]:
    """The members after a merge patch: null takes one out."""
    after: dict[str, str | None] = {**before, **patch}
    return {name: value for name, value in after.items() if value is not None}
