"""Makes an import of the corrected rows of another: a small file, read as the first one was."""

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.imports import repository
from services.ingest.imports.parsing import profile_from_rules, raw_rows
from services.ingest.imports.upload import LINE_KINDS, start
from services.ingest.profiles.domain import Profile
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.ingest.imports import RetryItem
from shared.errors import Conflict, FieldError, RuleBroken
from shared.files import copy_file, get_file, store_file
from shared.tables.ingest.imports import DataImport
from shared.tables.platform import Job

MENDED_ROWS = "mended_rows"
FIRST_ROW = 2
"""The place of the first row of a file of corrections, below its header."""


def retry_rejects(
    session: Session, caller: Caller, import_id: UUID, items: Sequence[RetryItem]
) -> tuple[DataImport, Job | None]:
    """A linked import of the corrected rows; without a job when the same one exists already.

    409 `not_finished` while the import runs, 422 `not_rejected` for rows that were not rejected,
    422 `unknown_column` for values of columns that the file does not have, 409 `already_mended` for
    rows that another such import has brought.
    """
    first = repository.get_import(session, import_id)
    if first.status not in {"succeeded", "failed"} or not first.detected:
        raise Conflict(f"the import is {first.status}", code="not_finished")
    _check(session, first, items)
    content = _corrected(session, first, items)
    stored = store_file(session, f"corrected-{first.file_name}"[:255], "text/csv", content)
    told = (stored.sha256, first.kind, first.source, f"retry:{import_id}")
    repository.hold_file(session, *told)
    known = repository.find_same(session, *told)
    if known is not None:
        return known, None
    rows = [item.row for item in items]
    if first.kind in LINE_KINDS:
        _refuse_mended(session, first, rows)
    row = DataImport(
        kind=first.kind,
        file_id=stored.id,
        file_name=stored.name,
        sha256=stored.sha256,
        bytes=stored.bytes,
        source=first.source,
        scenario=first.scenario,
        period=first.period,
        profile=first.profile,
        profile_version=first.profile_version,
        restate=first.restate,
        parameters={**_parameters(first), MENDED_ROWS: rows},
        parameters_hash=f"retry:{import_id}",
        retry_of=first.id,
        subject=caller.subject,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return row, start(session, caller, row)


def _refuse_mended(session: Session, first: DataImport, rows: Sequence[int]) -> None:
    """A row of the file is one row, however often it is mended; what was refused again may come."""
    repository.hold_file(session, str(first.id), "retry", first.source, "")
    errors = []
    for other in repository.live_retries(session, first.id):
        sent: list[int] = other.parameters.get(MENDED_ROWS, [])
        places = range(FIRST_ROW, FIRST_ROW + len(sent))
        refused = repository.rejected_row_numbers(session, other.id, list(places))
        brought = {row for place, row in zip(places, sent, strict=True) if place not in refused}
        errors += [
            FieldError(f"/items/{index}/row", "already_mended", f"import {other.id} has this row")
            for index, row in enumerate(rows)
            if row in brought
        ]
    if errors:
        raise Conflict("rows were mended before", code="already_mended", errors=errors)


def _check(session: Session, first: DataImport, items: Sequence[RetryItem]) -> None:
    rows = [item.row for item in items]
    rejected = repository.rejected_row_numbers(session, first.id, rows)
    columns = set(first.detected["columns"])
    errors = []
    for index, item in enumerate(items):
        if item.row not in rejected or rows.index(item.row) != index:
            message = "this row was not rejected, or is given twice"
            errors.append(FieldError(f"/items/{index}/row", "not_rejected", message))
        errors += [
            FieldError(f"/items/{index}/values/{name}", "unknown_column", "no such column")
            for name in item.values
            if name not in columns
        ]
    if errors:
        raise RuleBroken("the corrections do not fit", code=errors[0].code, errors=errors)


def _corrected(session: Session, first: DataImport, items: Sequence[RetryItem]) -> io.BytesIO:
    """The corrected rows as CSV under the columns of the first file."""
    columns = first.detected["columns"]
    with tempfile.TemporaryDirectory(prefix="btim-retry-") as folder:
        path = Path(folder) / "upload"
        copy_file(session, get_file(session, first.file_id), path)
        profile = profile_from_rules(first.parameters.get("rules"), first.profile)
        known = profile or Profile(first.kind, {})
        cells = raw_rows(path, known, {item.row for item in items})
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for item in items:
        row = {**cells.get(item.row, {}), **item.values}
        writer.writerow([row.get(name) or "" for name in columns])
    return io.BytesIO(text.getvalue().encode())


def _parameters(first: DataImport) -> dict[str, Any]:
    """The parameters of the first import, but for what describes its file and its totals."""
    rules = dict(first.parameters.get("rules") or {"kind": first.kind})
    rules["columns"] = first.detected["mapping"]
    rules["sign"] = first.detected.get("sign") or rules.get("sign", "as_is")
    rules |= {"encoding": "utf-8", "delimiter": ",", "header_row": 1, "skip_rows": 0}
    if first.kind == "focus":
        rules["constants"] = {"cost_type": "opex", **(rules.get("constants") or {})}
    kept = {name: first.parameters.get(name) for name in ("currency", "mode", "focus_cost")}
    styles = first.detected.get("styles")
    return dict(json.loads(json.dumps({**kept, "rules": rules, "styles": styles})))
