"""Writing a request into a row: only what differs, counted, and merge patches read."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from shared.changes import write_differences
from shared.contracts.values import Contract, Names
from shared.errors import FieldError, RuleBroken


class ChangeableRow(Protocol):
    """A row that counts its changes."""

    version: int
    updated_at: Any


def write_changes(row: ChangeableRow, wanted: Mapping[str, Any]) -> bool:
    """Set what differs, count one change and note the time; whether anything differed."""
    differed = write_differences(row, wanted)
    row.version += differed
    return differed


def read_patch(patch: Contract, *, never_null: Collection[str]) -> dict[str, Any]:
    """What a merge patch sets, by field; null for a field that must have a value is refused."""
    given = {name: getattr(patch, name) for name in patch.model_fields_set}
    for name in never_null:
        if name in given and given[name] is None:
            wire_name = type(patch).model_fields[name].alias or name
            error = FieldError(f"/{wire_name}", "missing_value", f"{wire_name} cannot be cleared")
            raise RuleBroken("this field needs a value", code="missing_value", errors=[error])
    return given


def merge_names(present: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Names after a merge patch: given languages replace, a null one is dropped."""
    merged = dict(present) | names.stored()
    if "zh_cn" in names.model_fields_set and names.zh_cn is None:
        merged.pop("zh-CN", None)
    if "en" in names.model_fields_set and names.en is None:
        merged.pop("en", None)
    return merged
