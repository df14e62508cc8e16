"""Mappings as callers see them: JSON and the columns of exports."""

from collections.abc import Iterator
from typing import Any

from shared.contracts.allocation.mappings import MappingAnswer
from shared.http.etags import etag_of
from shared.tables.allocation.model import ModelMapping

EXPORT_COLUMNS = (
    "code",
    "stage",
    "priority",
    "portion",
    "source",
    "method",
    "driver",
    "target",
    "on_zero",
    "valid_from",
    "valid_to",
    "note",
)


def answer(row: ModelMapping) -> MappingAnswer:
    """A row as callers see it."""
    fields: dict[str, Any] = {
        "id": row.id,
        "model_version": row.model_version_id,
        "code": row.code,
        "stage": row.stage,
        "priority": row.priority,
        "portion": row.portion,
        "source": row.source,
        "method": row.method,
        "driver": row.driver,
        "capacity_driver": row.capacity_driver,
        "target": row.target,
        "rates": row.rates,
        "floor": row.floor,
        "cap": row.cap,
        "on_zero": row.on_zero,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "note": row.note,
        "etag": etag_of(row.id, row.version),
    }
    return MappingAnswer.model_construct(**fields)


def export_cells(rows: Iterator[ModelMapping]) -> Iterator[tuple[Any, ...]]:
    """Rows of an export, in the order of EXPORT_COLUMNS."""
    for row in rows:
        yield tuple(getattr(row, name) for name in EXPORT_COLUMNS)
