"""The SQL of loaded taxonomies."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.allocation.cost_objects.repository import find_by_codes, lock_layer
from services.allocation.taxonomies.domain import LAYERS, StandardObject
from shared.changes import write_differences
from shared.clock import utc_now
from shared.tables.allocation.model import CostObject


def loaded_counts(session: Session) -> dict[str, dict[str, int]]:
    """How many objects of each taxonomy are loaded, by layer."""
    query = (
        select(col(CostObject.standard), col(CostObject.layer), func.count())
        .where(col(CostObject.standard).is_not(None))
        .group_by(col(CostObject.standard), col(CostObject.layer))
    )
    counts: dict[str, dict[str, int]] = {}
    for standard, layer, count in session.execute(query):
        counts.setdefault(str(standard), {})[layer] = count
    return counts


def put_objects(
    session: Session, name: str, objects: Iterable[StandardObject]
) -> dict[str, dict[str, int]]:
    """Add or refresh the objects of a taxonomy; tags, owner and validity stay as they are.

    Answers per layer how many were created, updated, unchanged.
    """
    by_layer: dict[str, list[StandardObject]] = {}
    for entry in objects:
        by_layer.setdefault(entry.layer, []).append(entry)
    done = {}
    for layer in (layer for layer in LAYERS if layer in by_layer):
        lock_layer(session, layer)
        entries = by_layer[layer]
        known = find_by_codes(session, layer, [entry.code for entry in entries], for_update=True)
        outcomes = [_put(session, name, entry, known.get(entry.code)) for entry in entries]
        done[layer] = {
            outcome: outcomes.count(outcome) for outcome in ("created", "updated", "unchanged")
        }
    return done


def _put(session: Session, name: str, entry: StandardObject, row: CostObject | None) -> str:
    outcome = "updated"
    if row is None:
        outcome = "created"
        row = CostObject(layer=entry.layer, code=entry.code, created_at=utc_now())
    wanted = {
        "names": entry.names,
        "descriptions": entry.descriptions,
        "parent": entry.parent,
        "attributes": {**row.attributes, **entry.attributes},
        "standard": name,
    }
    if not write_differences(row, wanted):
        return "unchanged"
    if outcome == "updated":
        row.version += 1
    session.add(row)
    return outcome
