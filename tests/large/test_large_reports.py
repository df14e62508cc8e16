"""A workbook of 10,000 consumers by twelve months: quick, small in memory, every figure there."""

import io
from collections.abc import Iterator

import openpyxl
import pytest

from bench.database import bench_database
from bench.report import MOST_MEGABYTES, MOST_SECONDS, Ordering, an_order, company

CONSUMERS, MONTHS = 10_000, 12


@pytest.fixture(scope="module")
def ordering() -> Iterator[Ordering]:
    with bench_database() as database, company(database, CONSUMERS, MONTHS) as ordering:
        yield ordering


@pytest.mark.slow
def test_ten_thousand_consumers_by_twelve_months_within_the_limits(ordering: Ordering) -> None:
    report = ordering.order(**an_order(MONTHS, "xlsx", "it-spend-overview"))
    assert report.seconds <= MOST_SECONDS
    assert report.worker_megabytes <= MOST_MEGABYTES
    book = openpyxl.load_workbook(io.BytesIO(report.file), read_only=True, data_only=True)
    rows = list(book["各消费者逐月成本"].iter_rows(values_only=True))
    figures = [row for row in rows[1:] if isinstance(row[2], int | float)]
    assert len(figures) >= CONSUMERS * 0.99
    assert len(figures[0]) >= 2 + MONTHS + 1
