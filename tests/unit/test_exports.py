"""Exports as files: written stretch by stretch, whole when they arrive."""

import asyncio
import csv
import io
import json
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq
import pytest
from fastapi.responses import StreamingResponse

from shared.contracts.allocation.views import TrendPoint
from shared.http import exports
from shared.http.exports import CSV, PARQUET, XLSX, export_rows


def sent(kind: str, rows: list[tuple[object, ...]]) -> bytes:
    response = export_rows(kind, "table", ["code", "amount"], iter(rows))
    assert isinstance(response, StreamingResponse)

    async def gathered() -> bytes:
        pieces = [piece async for piece in response.body_iterator]
        return b"".join(p.encode() if isinstance(p, str) else bytes(p) for p in pieces)

    return asyncio.run(gathered())


@pytest.mark.parametrize("count", [0, 1, 6, 7])
def test_a_parquet_file_of_several_stretches_holds_every_row_in_order(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(exports, "PARQUET_ROWS", 3)
    rows: list[tuple[object, ...]] = [(f"C{n}", Decimal(n) / 4) for n in range(count)]
    table = pq.read_table(io.BytesIO(sent(PARQUET, rows)))
    assert table.column_names == ["code", "amount"]
    assert table.column("code").to_pylist() == [f"C{n}" for n in range(count)]
    assert table.column("amount").to_pylist() == [str(Decimal(n) / 4) for n in range(count)]


def test_nothing_stays_nothing_in_a_parquet_file_and_is_empty_in_csv() -> None:
    rows: list[tuple[object, ...]] = [("A", None)]
    assert pq.read_table(io.BytesIO(sent(PARQUET, rows))).column("amount").to_pylist() == [None]
    assert sent(CSV, rows) == b"code,amount\r\nA,\r\n"


def test_a_list_of_answers_in_one_cell_is_json_of_their_fields() -> None:
    rows: list[tuple[object, ...]] = [("A", [TrendPoint(period="2026-01", amount=Decimal("1.50"))])]
    cell = next(csv.DictReader(io.StringIO(sent(CSV, rows).decode())))["amount"]
    assert json.loads(cell) == [{"period": "2026-01", "amount": "1.5"}]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\n=", "\t", "  =", "\uff1d", "\uff20"])
def test_no_exported_text_starts_a_formula(start: str) -> None:
    rows: list[tuple[object, ...]] = [(f"{start}cmd", Decimal("-1.5"))]
    row = next(csv.DictReader(io.StringIO(sent(CSV, rows).decode(), newline="")))
    assert (row["code"], row["amount"]) == (f"'{start}cmd", "-1.5")


def test_a_workbook_holds_what_no_cell_can_hold_as_far_as_it_goes() -> None:
    rows = [("bad\uffff name", Decimal(1)), ("x" * 40_000, Decimal(2))]
    book = openpyxl.load_workbook(io.BytesIO(bytes(export_rows(XLSX, "t", ["a", "b"], rows).body)))
    found = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    assert found == ["bad  name", "x" * 32_766 + "…"]
