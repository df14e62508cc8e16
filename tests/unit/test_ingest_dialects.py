"""A ledger is read exactly from whatever dialect it is written in, or what is unclear is refused.

The dialects are made in `ingest_dialects.py`. Where a dialect can be read in two ways, rows may be
refused with a reason; what is read is never something else than what was written.
"""

import re
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from services.ingest.files.detected import RowBatch
from services.ingest.imports.parsing import ParsedFile, parse_file, profile_from_rules
from services.ingest.imports.reading.batch import Reject, RowPlan, RowsRead
from services.ingest.imports.reading.file_profile import FileRequest
from services.ingest.imports.reading.lines import read_lines
from services.ingest.profiles.detection import detect
from services.ingest.profiles.domain import Profile
from tests.unit.ingest_dialects import (
    DATES,
    FIELDS,
    HEADERS,
    Row,
    Written,
    ledgers,
    number_text,
    ways_to_write,
    write_ledger,
)

UNCLEAR = {"ambiguous_date", "ambiguous_number"}
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
# Each example starts processes that decode, so a failing one is shown as it is.
FEW = settings(QUICK, max_examples=5, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def read_back(
    rows: Sequence[Row], way: Written, profile: Profile | None = None
) -> tuple[ParsedFile, list[dict[str, Any]], list[Reject]]:
    """The lines and rejects of a ledger after it was written and read, with what was found out."""
    found: list[RowsRead] = []

    def read(plan: RowPlan, batch: RowBatch) -> RowsRead:
        found.append(read_lines(plan, batch))
        return found[-1]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        write_ledger(path, list(rows), way)
        request = FileRequest("ledger", profile=profile, currency="GBP")
        parsed = parse_file(path, request, Path(folder), read, lambda _: None, lambda _: None)
    drafts = [line for batch in found for line in batch.drafts.iter_rows(named=True)]
    rejects = [reject for batch in found for reject in batch.rejects]
    return parsed, drafts, rejects


def as_read(row: Row) -> tuple[Any, ...]:
    return row.posted_on.isoformat(), row.amount, row.vendor, row.account, row.description


def as_drafted(draft: dict[str, Any]) -> tuple[Any, ...]:
    return (
        draft["posted_on"],
        Decimal(draft["amount"]),
        *(draft[name] for name in ("vendor", "account", "description")),
    )


def dates_are_unclear(rows: Sequence[Row], way: Written) -> bool:
    """Whether no date of the column tells the place of the day, or the year may stand first."""
    order = DATES[way.date_style][1]
    if order == "short":
        return True
    return order is not None and all(row.posted_on.day <= 12 for row in rows)


def numbers_are_unclear(rows: Sequence[Row], way: Written) -> bool:
    """Whether no number of the column has marks that can be read in one way only."""
    bodies = [re.sub(r"[^0-9.,' \u00a0]", "", number_text(row.amount, way)) for row in rows]
    bodies = [body.strip() for body in bodies]
    open_ones = [body for body in bodies if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", body)]
    proofs = [body for body in bodies if ("," in body or "." in body) and body not in open_ones]
    return bool(open_ones) and not proofs


def is_read_by_rule(rows: Sequence[Row], way: Written) -> bool:
    """Documented: without proof, files that separate cells by commas have decimal points."""
    by_points = way.delimiter == "," and way.marks == (",", ".")
    return by_points and numbers_are_unclear(rows, way)


def check(rows: Sequence[Row], way: Written, profile: Profile | None = None) -> None:
    """What is read is what was written; rows are refused only where the dialect is unclear."""
    parsed, drafts, rejects = read_back(rows, way, profile)
    unclear = {reject.row for reject in rejects}
    assert parsed.received.rows == len(rows) == len(drafts) + len(unclear)
    assert {reject.code for reject in rejects} <= UNCLEAR, rejects
    if profile is not None:
        assert not rejects
    if any(reject.code == "ambiguous_date" for reject in rejects):
        assert dates_are_unclear(rows, way)
    if any(reject.code == "ambiguous_number" for reject in rejects):
        assert numbers_are_unclear(rows, way)
    if not unclear:
        assert [as_drafted(draft) for draft in drafts] == [as_read(row) for row in rows]
    else:
        rest = iter([as_read(row) for row in rows])
        for draft in drafts:
            assert as_drafted(draft) in rest, draft


@QUICK
@given(way=ways_to_write(), data=st.data())
def test_a_ledger_in_a_random_dialect_is_read_exactly_or_refused_with_a_reason(
    way: Written, data: st.DataObject
) -> None:
    rows = data.draw(ledgers(way.encoding))
    assume(not is_read_by_rule(rows, way))
    check(rows, way)


@settings(QUICK, max_examples=25)
@given(way=ways_to_write(), data=st.data())
def test_with_a_profile_that_says_how_it_is_written_every_ledger_is_read_exactly(
    way: Written, data: st.DataObject
) -> None:
    rows = data.draw(ledgers(way.encoding))
    decimal, thousands = way.marks
    profile = Profile(
        kind="ledger",
        columns=dict(zip(FIELDS, HEADERS[way.header], strict=True)),
        date_format=way.date_format,
        decimal=decimal,
        thousands=" " if thousands == "\u00a0" else thousands,
        encoding=way.encoding,
        delimiter=way.delimiter,
    )
    check(rows, way, profile)


@settings(QUICK, max_examples=12)
@given(way=ways_to_write(), data=st.data())
def test_the_proposed_profile_reads_the_same_rows_as_none(
    way: Written, data: st.DataObject
) -> None:
    rows = data.draw(ledgers(way.encoding))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        write_ledger(path, rows, way)
        proposed = detect(path, "ledger").profile
    profile = profile_from_rules(proposed.model_dump(mode="json"), "proposed")
    _, without, refused_without = read_back(rows, way)
    _, drafts, refused = read_back(rows, way, profile)
    assert drafts == without
    assert refused == refused_without


@FEW
@given(format_=st.sampled_from(["ndjson", "parquet", "xlsx"]), data=st.data())
def test_a_ledger_of_typed_numbers_is_read_exactly(format_: str, data: st.DataObject) -> None:
    header = data.draw(st.sampled_from(sorted(HEADERS)))
    titles = ("GL detail report", "") if format_ == "xlsx" else ()
    way = Written(format=format_, header=header, titles=titles, closings=("End of report",))
    rows = data.draw(ledgers())
    if format_ == "xlsx":  # a cell holds a float there, which has 15 digits
        assume(all(abs(row.amount) < 10**8 for row in rows))
    check(rows, way)


@pytest.mark.slow
@settings(QUICK, max_examples=10_000)
@given(way=ways_to_write(), data=st.data())
def test_ten_thousand_random_dialects_are_read_exactly_or_refused(
    way: Written, data: st.DataObject
) -> None:
    rows = data.draw(ledgers(way.encoding))
    assume(not is_read_by_rule(rows, way))
    check(rows, way)
