"""Pushed lines: known by their external id within their source, closed and added, never changed."""

import io
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlmodel import Session

from services.ingest.changes.repository import lock_source
from services.ingest.cost_lines import draft_repository, repository, writing_repository
from services.ingest.cost_lines.draft_repository import LineWriting
from services.ingest.cost_lines.identity import identity_of_external_id
from services.ingest.cost_lines.writing_repository import Written
from services.ingest.values.fault import REJECT_CODES
from shared.contracts.bulk import BulkResult
from shared.contracts.ingest.cost_lines import CostLineRequest
from shared.contracts.values import decimal_to_text
from shared.errors import Conflict, Problem, RuleBroken
from shared.events import outbox
from shared.http.bulk import error_result

SERVICE = "ingest"


def push_lines(
    session: Session, items: Sequence[CostLineRequest | Problem], *, restate: bool
) -> list[BulkResult]:
    """Store pushed lines; what became of each, in their order."""
    results: dict[int, BulkResult] = {}
    groups: dict[tuple[str, str], dict[int, CostLineRequest]] = defaultdict(dict)
    for index, item in enumerate(items):
        if isinstance(item, Problem):
            results[index] = error_result(index, item)
        else:
            groups[(item.source, item.scenario)][index] = item
    for source, scenario in sorted(groups):
        lock_source(session, source, scenario)
    for (source, scenario), group in sorted(groups.items()):
        how = LineWriting(source, scenario, restate=restate)
        results |= _push_group(session, how, group)
    return [results[index] for index in range(len(items))]


def _push_group(
    session: Session, how: LineWriting, group: dict[int, CostLineRequest]
) -> dict[int, BulkResult]:
    ids = [item.external_id for item in group.values()]
    before = repository.find_live(session, how.source, how.scenario, ids)
    with draft_repository.writing_drafts(session) as write:
        for piece in _as_csv(group):
            write(piece)
    deleted = [index for index, item in group.items() if item.deleted]
    if deleted:
        draft_repository.mark_deleted(session, deleted)
    written = writing_repository.write_drafts(session, how)
    _tell(session, how, written)
    refused = {row: code for row, code, _ in writing_repository.refused_rows(session)}
    outcomes = writing_repository.push_outcomes(session, how)
    after = repository.find_live(session, how.source, how.scenario, ids)
    return {
        index: _refused(index, refused[index])
        if index in refused
        else _result(index, item, before, after, outcomes)
        for index, item in group.items()
    }


def _result(
    index: int,
    item: CostLineRequest,
    before: dict[str, UUID],
    after: dict[str, UUID],
    outcomes: dict[int, tuple[str, UUID]],
) -> BulkResult:
    known = before.get(item.external_id)
    if item.deleted:
        return BulkResult(
            index=index,
            status="unchanged" if known is None else "updated",
            id=None if known is None else str(known),
        )
    live = after.get(item.external_id)
    identifier = None if live is None else str(live)
    if outcomes.get(index, ("unchanged", None))[0] == "unchanged":
        return BulkResult(index=index, status="unchanged", id=identifier)
    return BulkResult(index=index, status="created" if known is None else "updated", id=identifier)


def _refused(index: int, code: str) -> BulkResult:
    if code == "closed_period":
        return error_result(index, Conflict(REJECT_CODES[code], code=code))
    return error_result(index, RuleBroken(REJECT_CODES[code], code=code))


def _as_csv(group: dict[int, CostLineRequest]) -> Iterator[bytes]:
    text = io.StringIO()
    for index, item in group.items():
        text.write(_csv_row(_draft(index, item)))
        if text.tell() > 1 << 18:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _draft(index: int, item: CostLineRequest) -> list[str | None]:
    """A line in the order of DRAFT_COLUMNS."""
    return [
        str(index),
        identity_of_external_id(item.external_id),
        item.external_id,
        item.period,
        decimal_to_text(item.amount),
        item.currency,
        None if item.posted_on is None else item.posted_on.isoformat(),
        item.cost_type,
        item.account,
        item.cost_center,
        item.vendor,
        item.document,
        item.description,
        item.asset,
        item.project,
        json.dumps(item.tags, ensure_ascii=False),
        json.dumps(item.fields, ensure_ascii=False),
    ]


def _csv_row(cells: list[str | None]) -> str:
    """One line of CSV in which nothing is null and an empty text is quoted."""
    return (
        ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells)
        + "\n"
    )


def _tell(session: Session, how: LineWriting, written: Written) -> None:
    if written.changed_periods:
        payload = {"periods": written.changed_periods, "scenario": how.scenario}
        outbox.publish(session, SERVICE, "cost_lines.changed", how.source, payload)
