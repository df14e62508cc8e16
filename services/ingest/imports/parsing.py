"""Reads a whole file into drafts and rejects, with its totals, in bounded memory."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import polars as pl

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.files.problems import empty_file
from services.ingest.files.reader import open_table
from services.ingest.imports.reading import Reject, RowPlan, RowsRead
from services.ingest.imports.survey import Styles, survey
from services.ingest.imports.totals import (
    Money,
    ReceivedTotals,
    rejected_money,
    unreadable_rows,
)
from services.ingest.profiles.domain import (
    REQUIRED_OF_KIND,
    FlagSign,
    Profile,
    missing_columns,
)
from services.ingest.profiles.focus import focus_profile, missing_focus_columns
from services.ingest.profiles.proposal import mapping_by_name
from shared.errors import FieldError, RuleBroken

CHUNK_BYTES = 1 << 18
RowReader = Callable[[RowPlan, RowBatch], RowsRead]
Progress = Callable[[int], None]


@dataclass(frozen=True)
class FileRequest:
    """What a caller says about a file: its kind, its profile, and what stands for all its rows."""

    kind: str
    profile: Profile | None = None
    period: str | None = None
    currency: str | None = None
    focus_cost: str = "EffectiveCost"
    styles: Styles | None = None


@dataclass
class ParsedFile:
    """A file after reading: its rejects lie in a spool of CSV, its money is summed by currency."""

    detected: Detected
    profile: Profile
    styles: Styles
    rejects: Path
    received: ReceivedTotals
    rejected: Money = field(default_factory=Money)
    rejected_rows: int = 0
    rejected_unreadable: int = 0
    reject_count: int = 0

    def rejections(self) -> Iterator[bytes]:
        """The rejects as pieces of CSV, numbered from 1."""
        return _pieces(self.rejects)


def parse_file(
    path: Path,
    request: FileRequest,
    folder: Path,
    read: RowReader,
    write_drafts: Callable[[bytes], object],
    progress: Progress,
) -> ParsedFile:
    """Read a file, writing drafts as CSV piece by piece.

    Raises a Problem when it is no readable table of this kind.
    """
    profile, detected = profile_for(path, request)
    styles = request.styles
    if styles is None:
        with open_table(path, profile.hints()) as table:
            styles = survey(profile, table.detected, table.batches)
    parsed = ParsedFile(
        detected=detected,
        profile=profile,
        styles=styles,
        rejects=folder / "rejects.csv",
        received=ReceivedTotals(profile, detected, styles, request.currency),
    )
    plan = RowPlan(profile, detected, styles, request.period, request.currency)
    with (
        open_table(path, profile.hints()) as table,
        parsed.rejects.open("wb") as rejects,
    ):
        for batch in table.batches:
            parsed.received.add(batch)
            _spool(parsed, read(plan, batch), write_drafts, rejects)
            progress(parsed.received.rows)
    if parsed.received.rows == 0:
        raise empty_file("The file has a header but no rows.")
    return parsed


def profile_for(path: Path, request: FileRequest) -> tuple[Profile, Detected]:
    """The profile that the file is read by, checked against its columns."""
    hints = request.profile.hints() if request.profile else None
    with open_table(path, hints) as table:
        detected = table.detected
        if request.profile is None and request.kind != "focus":
            first = next(table.batches, None)
            if first is None:
                raise empty_file("The file has a header but no rows.")
            profile = mapping_by_name(request.kind, detected, first)
            _require_fields(profile, detected)
            return profile, detected
    if request.kind == "focus":
        _require_focus(detected, request.focus_cost)
        return _with_focus(request, detected), detected
    profile = request.profile or Profile(request.kind, {})
    absent = missing_columns(profile, detected.columns)
    if absent:
        raise RuleBroken(
            f"The file has no column {', '.join(map(repr, absent))}.",
            code="unknown_column",
            errors=[FieldError("/profile", "unknown_column", name) for name in absent],
        )
    _require_fields(profile, detected)
    return profile, detected


def _with_focus(request: FileRequest, detected: Detected) -> Profile:
    """The built-in mapping of bills; a profile may add fields and say how values are written."""
    built_in = focus_profile(detected.columns, request.focus_cost)
    own = request.profile
    if own is None:
        return built_in
    return Profile(
        **{
            **vars(own),
            "columns": {**built_in.columns, **own.columns},
            "constants": {**built_in.constants, **own.constants},
            "decimal": own.decimal or built_in.decimal,
        }
    )


def _require_focus(detected: Detected, focus_cost: str) -> None:
    absent = missing_focus_columns(detected.columns, focus_cost)
    if absent:
        raise RuleBroken(
            f"This is no FOCUS bill: it has no column {', '.join(absent)}.",
            code="not_focus",
            errors=[FieldError("/file", "unknown_column", name) for name in absent],
        )


def _require_fields(profile: Profile, detected: Detected) -> None:
    absent = [
        name
        for name in REQUIRED_OF_KIND[profile.kind]
        if name not in profile.columns and name not in profile.constants
    ]
    if absent:
        columns = ", ".join(detected.columns[:40])
        raise RuleBroken(
            f"No column is known to be {', '.join(absent)}; send a profile. Columns: {columns}",
            code="profile_needed",
            errors=[FieldError("/profile", "missing_field", name) for name in absent],
        )


def _spool(
    parsed: ParsedFile,
    found: RowsRead,
    write_drafts: Callable[[bytes], object],
    rejects: IO[bytes],
) -> None:
    if found.drafts.height:
        write_drafts(found.drafts.write_csv(include_header=False).encode())
    parsed.rejected_rows += found.rejected.height
    parsed.rejected_unreadable += unreadable_rows(found.rejected)
    parsed.rejected.add_all(rejected_money(found.rejected))
    if found.rejects:
        _reject_frame(found.rejects, parsed.reject_count).write_csv(rejects, include_header=False)
        parsed.reject_count += len(found.rejects)


def _reject_frame(rejects: list[Reject], before: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "number": range(before + 1, before + len(rejects) + 1),
            "row_no": [reject.row for reject in rejects],
            "column_name": [reject.column for reject in rejects],
            "code": [reject.code for reject in rejects],
            "message": [reject.message for reject in rejects],
            "raw": [reject.raw for reject in rejects],
            "cells": [reject.cells for reject in rejects],
        },
        schema_overrides={"column_name": pl.String, "cells": pl.String},
    )


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK_BYTES):
            yield piece


def raw_rows(path: Path, profile: Profile, wanted: set[int]) -> dict[int, dict[str, str | None]]:
    """The rows with these numbers, as received, by column; malformed rows are not among them."""
    found: dict[int, dict[str, str | None]] = {}
    with open_table(path, profile.hints()) as table:
        for batch in table.batches:
            hits = batch.numbers.is_in(list(wanted))
            if hits.any():
                numbers = batch.numbers.filter(hits).to_list()
                rows = batch.cells.filter(hits).iter_rows(named=True)
                found.update(zip(numbers, rows, strict=True))
            if len(found) == len(wanted):
                break
    return found


def profile_from_rules(rules: dict[str, object] | None, code: str | None) -> Profile | None:
    """A profile from its stored form (JSON of the contract)."""
    if rules is None:
        return None
    stored = json.loads(json.dumps(rules))
    sign = stored.get("sign", "as_is")
    return Profile(
        kind=stored["kind"],
        code=code,
        columns=stored.get("columns", {}),
        constants=stored.get("constants", {}),
        values=stored.get("values", {}),
        date_format=stored.get("date_format"),
        decimal=stored.get("decimal"),
        thousands=stored.get("thousands") or None,
        encoding=stored.get("encoding"),
        delimiter=stored.get("delimiter"),
        header_row=stored.get("header_row"),
        skip_rows=stored.get("skip_rows", 0),
        identity=tuple(stored["identity"]) if stored.get("identity") else None,
        sign=FlagSign(**sign) if isinstance(sign, dict) else sign,
    )
