"""Damaged files end in a documented problem or in lines that are true; never in a crash."""

import csv
import random
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from services.ingest.files.problems import FILE_CODES
from services.ingest.imports.domain import Totals, check_every_row
from services.ingest.imports.parsing import ParsedFile, parse_file
from services.ingest.imports.reading.file_profile import FileRequest
from services.ingest.imports.reading.lines import read_lines
from services.ingest.profiles.domain import DRAFT_COLUMNS
from shared.errors import Problem
from tests.unit.mutants import Sample, Truth, mutated, samples

#: How many of each; workbooks and Parquet cost the start of a process each.
FEW = {"parquet": 5, "checked parquet": 3, "xlsx": 10}
USUALLY = 12
MANY = 5_000
IMPORT_CODES = {"profile_needed", "unknown_column", "not_focus"}


@dataclass(frozen=True)
class Reading:
    """What came of a file: the accepted amounts and the rejected rows by their numbers."""

    accepted: dict[int, Decimal]
    rejected: set[int]
    trailer: set[int]


def read_file(path: Path, kind: str) -> Reading | Problem:
    """Read a file as an import does and check that rows and money add up."""
    drafts: list[bytes] = []
    request = FileRequest(kind, currency="GBP")
    try:
        parsed = parse_file(path, request, path.parent, read_lines, drafts.append, lambda _: None)
    except Problem as problem:
        return problem
    frame = _frame(drafts)
    _check_totals(parsed, frame)
    amounts = {int(row): Decimal(amount) for row, amount in frame.select("row_no", "amount").rows()}
    assert len(amounts) == frame.height, "one row became two lines"
    rejects = csv.reader(parsed.rejects.read_text().splitlines(keepends=True))
    rejected = {int(reject[1]) for reject in rejects}
    trailer = {row.row for row in parsed.trailer}
    return Reading(amounts, rejected, trailer)


def _frame(drafts: list[bytes]) -> pl.DataFrame:
    if not drafts:
        return pl.DataFrame(schema=dict.fromkeys(DRAFT_COLUMNS, pl.String))
    return pl.read_csv(
        b"".join(drafts), has_header=False, new_columns=list(DRAFT_COLUMNS), infer_schema=False
    )


def _check_totals(parsed: ParsedFile, frame: pl.DataFrame) -> None:
    """The money of drafts and rejects is the money that the file holds by its own cells."""
    accepted: dict[str | None, Decimal] = {}
    for amount, currency in frame.select("amount", "currency").iter_rows():
        accepted[currency] = accepted.get(currency, Decimal(0)) + Decimal(amount)
    received = parsed.received
    check_every_row(
        Totals(
            received.rows, frame.height, parsed.rejected_rows, 0, 0,
            received.money.sums, accepted, parsed.rejected.sums, {},
        )
    )  # fmt: skip
    assert parsed.rejected_unreadable == received.unreadable_amount


def check_mutant(sample: Sample, content: bytes, path: Path) -> str:
    """The laws of one damaged file; says what came of it."""
    path.write_bytes(content)
    found = read_file(path, sample.kind)
    if isinstance(found, Problem):
        assert found.status in {413, 415, 422}
        assert found.code in FILE_CODES or found.code in IMPORT_CODES, found.code
        return found.code
    truth = sample.judge(content)
    if truth is None:
        return "not judged"
    _check_truth(found, truth)
    return "rejects" if found.rejected else "fine"


def _check_truth(found: Reading, truth: Truth) -> None:
    both = found.accepted.keys() | found.rejected | found.trailer
    assert both == truth.keys(), f"rows differ: {sorted(both ^ truth.keys())}"
    for row, amount in found.accepted.items():
        assert truth[row] is None or truth[row] == amount, f"row {row}: {amount} for {truth[row]}"


SAMPLES = samples()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_file_is_read_as_its_judge_reads_it(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    assert check_mutant(sample, sample.content, tmp_path / "upload") == "fine"


def check_mutants(name: str, count: int, path: Path, seed: str) -> Counter[str]:
    """Damage a file so many times; says how often each thing came of it."""
    outcomes: Counter[str] = Counter()
    for number in range(count):
        content = mutated(SAMPLES[name].content, random.Random(f"{seed} {name} {number}"))
        try:
            outcomes[check_mutant(SAMPLES[name], content, path)] += 1
        except BaseException as failure:
            failure.add_note(f"mutant {number} of {name!r} with seed {seed!r}")
            raise
    return outcomes


@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_file_is_a_problem_or_told_truly(name: str, tmp_path: Path) -> None:
    check_mutants(name, FEW.get(name, USUALLY), tmp_path / "upload", "often")


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_five_thousand_damaged_files_are_problems_or_told_truly(name: str, tmp_path: Path) -> None:
    outcomes = check_mutants(name, MANY // len(SAMPLES), tmp_path / "upload", "always")
    judged = outcomes.total() - outcomes["not judged"]
    assert judged > outcomes.total() // 3, outcomes
    print(name, dict(outcomes))  # noqa: T201 - the record of the proof
