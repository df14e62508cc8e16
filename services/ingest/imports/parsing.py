"""Reads a whole file into drafts and rejects, with its totals, in bounded memory."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO

import polars as pl

from services.ingest.files.detected import Detected, MalformedRow, RowBatch
from services.ingest.files.problems import empty_file
from services.ingest.files.reader import open_table
from services.ingest.imports.checks.invoices import InvoiceTotals
from services.ingest.imports.checks.split_costs import SplitCosts, splits_costs
from services.ingest.imports.checks.total_rows import TotalRows
from services.ingest.imports.checks.totals import (
    Money,
    ReceivedTotals,
    Sums,
    rejected_money,
    unreadable_rows,
)
from services.ingest.imports.reading.batch import Reject, RowPlan, RowsRead
from services.ingest.imports.reading.file_profile import FileRequest, profile_for
from services.ingest.imports.reading.survey import Styles, survey
from services.ingest.profiles.domain import LEDGER_KINDS, FlagSign, Profile
from services.ingest.profiles.hints import hints_of

CHUNK_BYTES = 1 << 18
RowReader = Callable[[RowPlan, RowBatch], RowsRead]
Progress = Callable[[int], None]
Sifter = Callable[[RowBatch, RowsRead, Sums], RowsRead]


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
    trailer: Sequence[MalformedRow] = ()
    invoices: InvoiceTotals | None = None
    total_rows: TotalRows | None = None

    @property
    def footing_totals(self) -> int:
        """How many total rows say what the rows above them add up to."""
        return sum(check.foots for check in self.total_rows.checks) if self.total_rows else 0

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
        with open_table(path, hints_of(profile)) as table:
            styles = survey(profile, table.detected, table.batches)
    parsed = ParsedFile(
        detected=detected,
        profile=profile,
        styles=styles,
        rejects=folder / "rejects.csv",
        received=ReceivedTotals(profile, detected, styles, request.currency),
    )
    plan = RowPlan(profile, detected, styles, request.period, request.currency)
    sift = _sifter(parsed, path, request)
    with (
        open_table(path, hints_of(profile)) as table,
        parsed.rejects.open("wb") as rejects,
    ):
        for batch in table.batches:
            before = dict(parsed.received.money.sums)
            parsed.received.add(batch)
            if parsed.invoices is not None:
                parsed.invoices.add(batch)
            found = sift(batch, read(plan, batch), before)
            _spool(parsed, found, write_drafts, rejects)
            progress(parsed.received.rows)
        parsed.trailer = table.trailer
    if parsed.received.rows == 0:
        raise empty_file("The file has a header but no rows.")
    return parsed


def _sifter(parsed: ParsedFile, path: Path, request: FileRequest) -> Sifter:
    """What looks at rows beyond their own cells: totals of ledgers, split costs of bills.

    Rows sent again one by one are lines because the caller says so.
    """
    if request.is_retry:
        return _as_they_are
    if request.kind in LEDGER_KINDS and parsed.profile.total_rows == "check":
        parsed.total_rows = TotalRows(parsed.profile)
        return parsed.total_rows.sift
    if request.kind != "focus":
        return _as_they_are
    parsed.invoices = InvoiceTotals()
    if not splits_costs(parsed.detected.columns):
        return _as_they_are
    split = SplitCosts()
    with open_table(path, hints_of(parsed.profile)) as table:
        split.learn(table.batches)
    return split.sift


def _as_they_are(_: RowBatch, found: RowsRead, __: Sums) -> RowsRead:
    return found


def _spool(
    parsed: ParsedFile,
    found: RowsRead,
    write_drafts: Callable[[bytes], object],
    rejects: IO[bytes],
) -> None:
    if found.drafts.height:
        drafts = BytesIO()
        found.drafts.write_csv(drafts, include_header=False)
        write_drafts(drafts.getvalue())
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
    with open_table(path, hints_of(profile)) as table:
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
        thousands=stored.get("thousands"),
        encoding=stored.get("encoding"),
        delimiter=stored.get("delimiter"),
        header_row=stored.get("header_row"),
        skip_rows=stored.get("skip_rows", 0),
        sheet=stored.get("sheet"),
        identity=tuple(stored["identity"]) if stored.get("identity") else None,
        sign=FlagSign(**sign) if isinstance(sign, dict) else sign,
        decimal_shift=stored.get("decimal_shift", {}),
        total_rows=stored.get("total_rows", "check"),
    )
