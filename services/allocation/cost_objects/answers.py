"""Cost objects as callers see them: JSON and the columns of exports."""

from collections.abc import Iterator
from typing import Any

from services.allocation.cost_objects.repository import ObjectRow
from shared.contracts.allocation.objects import CostObjectAnswer
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.tables.allocation.model import CostObject

EXPORT_COLUMNS = (
    "code",
    "name",
    "names.en",
    "names.zh-CN",
    "parent",
    "standard",
    "valid_from",
    "valid_to",
    "owner",
    "unit_driver",
    "capacity_driver",
    "value_chain_stage",
    "tags",
    "attributes",
    "id",
)


def answer(row: CostObject | ObjectRow, language: str) -> CostObjectAnswer:
    """A row as callers see it."""
    fields: dict[str, Any] = {
        "id": row.id,
        "layer": row.layer,
        "code": row.code,
        "names": row.names,
        "name": name_in(row.names, language),
        "descriptions": row.descriptions,
        "parent": row.parent,
        "tags": row.tags,
        "attributes": row.attributes,
        "standard": row.standard,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "owner": row.owner,
        "unit_driver": row.unit_driver,
        "capacity_driver": row.capacity_driver,
        "value_chain_stage": row.value_chain_stage,
        "etag": etag_of(row.id, row.version),
    }
    return CostObjectAnswer.model_construct(**fields)


def export_cells(rows: Iterator[ObjectRow], language: str) -> Iterator[tuple[Any, ...]]:
    """Rows of an export, in the order of EXPORT_COLUMNS."""
    for row in rows:
        yield (
            row.code,
            name_in(row.names, language),
            row.names.get("en"),
            row.names.get("zh-CN"),
            row.parent,
            row.standard,
            row.valid_from,
            row.valid_to,
            row.owner,
            row.unit_driver,
            row.capacity_driver,
            row.value_chain_stage,
            row.tags,
            row.attributes,
            str(row.id),
        )
