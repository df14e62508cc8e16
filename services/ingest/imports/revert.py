"""Takes an import back: rows that only it claims end, rows that it had replaced come back."""

from uuid import UUID

from sqlmodel import Session

from services.ingest.assets.repository import ASSETS
from services.ingest.changes import repository as changes
from services.ingest.cost_lines.draft_repository import KEPT_COLUMNS, KEY_COLUMNS, TOPIC
from services.ingest.facts.repository import (
    QUANTITIES,
    RATES,
    TICKETS,
    FactTable,
    lock_moving,
)
from services.ingest.imports.repository import get_import
from shared.audit import trail
from shared.auth import Caller
from shared.errors import Conflict
from shared.events import outbox
from shared.postgres.period_locks import hold_open
from shared.tables.ingest.imports import DataImport

SERVICE = "ingest"
LINES = FactTable(
    "cost_line",
    TOPIC,
    key=KEY_COLUMNS,
    values=tuple(
        name for name in KEPT_COLUMNS if name not in (*KEY_COLUMNS, "row_no", "import_id")
    ),
    types={},
    scenario="f.scenario",
)
_TABLES: dict[str, FactTable] = {
    "ledger": LINES,
    "budget": LINES,
    "focus": LINES,
    "drivers": QUANTITIES,
    "exchange_rates": RATES,
    "tickets": TICKETS,
    "assets": ASSETS,
}
# Kinds whose rows live in another service.
_HOMES = {"consumers": "allocation", "kpi_observations": "valuation"}
# A bill that has been sent again since then keeps the older one from coming back.
_REPLACED_AGAIN = """
    exists (
        select 1 from cost_line l join data_import i on i.id = l.import_id
        where l.live_to is null and i.replace_mode = 'billing_period' and i.id <> :import
        and i.status <> 'reverted' and l.source = f.source and l.scenario = f.scenario
        and l.period = f.period and l.account is not distinct from f.account
        and i.id <> f.import_id
    )
"""


def revert(session: Session, caller: Caller, import_id: UUID, reason: str) -> DataImport:
    """Take an import back, whole or not at all.

    409 `not_revertible` unless it has succeeded and its rows live here, 409 `closed_period`.
    """
    row = get_import(session, import_id, for_update=True)
    table = _TABLES.get(row.kind)
    if table is None or row.status != "succeeded":
        raise Conflict(_why_not(row), code="not_revertible")
    scenario = table.scenario if table.scenario != "scenario" else "f.scenario"
    if table is LINES:
        changes.lock_source(session, row.source, row.scenario)
    else:  # of two that claim the same row, the later one has to see that the other is gone
        changes.lock_source(session, table.topic, "")
    spans = _find_locked(session, table, scenario, row)
    number = changes.next_change(session)
    closed = changes.close_reverted(session, table.name, import_id, number)
    restored = changes.restore_rows(
        session, table.name, (*table.columns, "row_no", "import_id"), number
    )
    if spans:
        changes.mark_changed(session, table.topic, spans, number)
    row.status = "reverted"
    row.reverted_reason = reason
    row.version += 1
    session.add(row)
    details = {"reason": reason, "closed": closed, "restored": restored}
    trail.record(session, caller, SERVICE, "revert", "import", str(row.id), details=details)
    if spans and table is LINES:
        payload = {"periods": sorted({period for period, _ in spans}), "scenario": row.scenario}
        outbox.publish(session, SERVICE, "cost_lines.changed", str(row.id), payload)
    session.flush()
    return row


def _find_locked(
    session: Session, table: FactTable, scenario: str, row: DataImport
) -> list[changes.Span]:
    """Where rows end and come back, found when nobody else can write there; 409 `closed_period`.

    What is found before that may have been claimed by another import, or replaced, meanwhile.
    """
    locked: set[changes.Span] = set()
    wanted = {(period, row.scenario) for period in row.periods} if table is LINES else set()
    lock_moving(session, table)
    while True:
        if table.closes_with_period:
            changes.closed_among(session, {period for period, _ in wanted})
        changes.lock_spans(session, table.topic, wanted)
        locked |= wanted
        spans = _find(session, table, scenario, row.id)
        wanted = set(spans) - locked
        if not wanted:
            if table.closes_with_period:
                hold_open(session, {period for period, _ in spans})
            return spans


def _find(session: Session, table: FactTable, scenario: str, import_id: UUID) -> list[changes.Span]:
    period = table.period if table.period != "period" else "f.period"
    closing = changes.rows_to_close(session, table.name, scenario, import_id, period=period)
    restoring = changes.rows_to_restore(
        session,
        table.name,
        scenario,
        table.key,
        import_id,
        period=period,
        near=("source", "scenario", "period", "account") if table is LINES else None,
        unless=_REPLACED_AGAIN if table is LINES else "false",
    )
    return sorted({*closing, *restoring})


def _why_not(row: DataImport) -> str:
    home = _HOMES.get(row.kind)
    if home is not None:
        return f"{row.kind} live in the {home} service; change them there"
    return f"the import is {row.status}; only one that succeeded can be taken back"
