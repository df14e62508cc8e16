"""Writing a request into a row: only what differs."""

from collections.abc import Mapping
from typing import Any

from shared.clock import utc_now


def write_differences(row: Any, wanted: Mapping[str, Any]) -> bool:
    """Set what differs and, where the row keeps it, the time; whether anything differed."""
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed and hasattr(row, "updated_at"):
        row.updated_at = utc_now()
    return bool(changed)
