"""Damaged files end in a documented problem or in totals that add up; never in a crash."""

import gzip
import io
import random
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from services.ingest.imports.domain import Totals, check_every_row
from services.ingest.imports.lines import read_lines
from services.ingest.imports.parsing import FileRequest, ParsedFile, parse_file
from services.ingest.profiles.domain import DRAFT_COLUMNS
from shared.errors import Problem

LEDGER = (
    Path(__file__).parents[2] / "examples" / "oxford-council" / "ledger"
    / "oxford_council_2016q3.csv"
)  # fmt: skip
MUTANTS = 60
JUNK = (b'"', b"\n", b",", b"\x00", b"\xff", b"1,2", b"\r", b'""', b"(", b";;;")


def rows() -> list[list[str]]:
    return [line.split(",") for line in LEDGER.read_text().splitlines()[:60]]


def as_csv() -> bytes:
    return b"\n".join(LEDGER.read_bytes().split(b"\n")[:60])


def as_workbook() -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows()):
            sheet.write_row(place, 0, row)
    return content.getvalue()


def as_parquet() -> bytes:
    content = io.BytesIO()
    header, *body = rows()
    columns = {name: [row[place] for row in body] for place, name in enumerate(header)}
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


SAMPLES = {
    "csv": as_csv,
    "utf-16": lambda: as_csv().decode().encode("utf-16"),
    "gzip": lambda: gzip.compress(as_csv()),
    "xlsx": as_workbook,
    "parquet": as_parquet,
}


def mutated(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(damaged) or 1)
        match chance.randrange(4):
            case 0 if damaged:
                damaged[place] = chance.randrange(256)
            case 1:
                del damaged[place : place + chance.randint(1, 200)]
            case 2:
                damaged[place:place] = chance.choice(JUNK)
            case _ if chance.random() < 0.3:
                del damaged[place:]
    return bytes(damaged)


def check_totals(parsed: ParsedFile, drafts: list[bytes]) -> None:
    """The money of drafts and rejects is the money that the file holds by its own cells."""
    accepted: dict[str | None, Decimal] = {}
    count = 0
    if drafts:
        frame = pl.read_csv(
            b"".join(drafts),
            has_header=False,
            new_columns=list(DRAFT_COLUMNS),
            infer_schema=False,
        )
        count = frame.height
        for amount, currency in frame.select("amount", "currency").iter_rows():
            accepted[currency] = accepted.get(currency, Decimal(0)) + Decimal(amount)
    received = parsed.received
    check_every_row(
        Totals(
            received.rows, count, parsed.rejected_rows, 0, 0,
            received.money.sums, accepted, parsed.rejected.sums, {},
        )
    )  # fmt: skip
    assert parsed.rejected_unreadable == received.unreadable_amount


def outcome_of(path: Path) -> int:
    """200 for a file that was read and adds up, else the status of the problem."""
    drafts: list[bytes] = []
    request = FileRequest("ledger", currency="GBP")
    try:
        parsed = parse_file(path, request, path.parent, read_lines, drafts.append, lambda _: None)
    except Problem as problem:
        return problem.status
    check_totals(parsed, drafts)
    return 200


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_damaged_file_is_a_problem_or_adds_up(sample, tmp_path):
    content = SAMPLES[sample]()
    chance = random.Random(sample)
    path = tmp_path / "upload"
    for _ in range(MUTANTS):
        path.write_bytes(mutated(content, chance))
        assert outcome_of(path) in {200, 413, 415, 422}
