"""What a change of a source does: its new state, its next time, and whether it starts afresh."""

from typing import Any

from services.ingest.sources.planning import planned
from shared.clock import utc_now
from shared.contracts.ingest.sources import SourcePatch, SourceRequest
from shared.tables.ingest.sources import Source

HARMLESS = frozenset(
    {"auth", "import_options", "overlap_seconds", "page_size", "settled_seconds", "timeout_seconds"}
)
"""Fields of a config that do not change which rows there are."""


def new_row(request: SourceRequest, config: dict[str, Any]) -> Source:
    """A source that was never synced."""
    row = Source(
        code=request.code, kind=request.kind, maps_to=request.maps_to, created_at=utc_now()
    )
    _fill(row, request, config)
    return row


def apply(row: Source, request: SourceRequest, config: dict[str, Any]) -> bool:
    """Make a source what is asked for; whether that is a change.

    Where other rows are meant than before, the watermark is forgotten: the next sync fetches all,
    and what is known already is not loaded twice.
    """
    before = state_of(row)
    if _meaning(row.kind, row.maps_to, row.config) != _meaning(
        request.kind, request.maps_to, config
    ):
        row.watermark = None
    row.kind, row.maps_to = request.kind, request.maps_to
    _fill(row, request, config)
    return state_of(row) != before


def state_of(row: Source) -> dict[str, Any]:
    """What callers have said about a source; for the audit trail, without any secret."""
    return row.model_dump(
        mode="json",
        include={
            "code", "kind", "names", "config", "secret_ref", "cron", "timezone", "maps_to",
            "profile", "active",
        },
    )  # fmt: skip


def patched(row: Source, patch: SourcePatch) -> dict[str, Any]:
    """The request that a merge patch (RFC 7396) amounts to."""
    state = state_of(row)
    cron, timezone = state.pop("cron"), state.pop("timezone")
    state["schedule"] = None if cron is None else {"cron": cron, "timezone": timezone}
    state["names"] = state["names"] or None
    given = patch.model_dump(mode="json", exclude_unset=True)
    merged: dict[str, Any] = _merge(state, given)
    return merged


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged


def _meaning(kind: str, maps_to: str, config: dict[str, Any]) -> tuple[Any, ...]:
    meant = {name: value for name, value in config.items() if name not in HARMLESS}
    return kind, maps_to, meant


def _fill(row: Source, request: SourceRequest, config: dict[str, Any]) -> None:
    schedule = request.schedule
    cron = schedule.cron if schedule else None
    timezone = schedule.timezone if schedule else None
    rescheduled = (row.cron, row.timezone, row.active) != (cron, timezone, request.active)
    row.cron, row.timezone, row.active = cron, timezone, request.active
    row.config = config
    row.secret_ref = request.secret_ref
    row.profile = request.profile
    row.names = request.names.stored() if request.names else {}
    now = utc_now()
    row.updated_at = now
    if rescheduled or row.next_at is None:
        row.next_at = planned(row, now)
