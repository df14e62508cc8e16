"""A million lines in a period are counted once, exactly, and then answered from what is kept."""

import time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from shared.database import in_transaction
from tests.running import ServiceUnderTest

LINES = 1_000_000
_FILL = """
insert into cost_line (identity, ordinal, source, period, scenario, amount, currency, posted_on,
    account, cost_center, vendor, document, description, tags, fields, live_from)
select gen_random_uuid(), 1, 's' || i % 4, p.period, 'actual',
    (cast(i as bigint) * 7919 % 1000003) / 100.0, 'EUR',
    to_date(p.period, 'YYYY-MM') + i % 28, 'a' || i % 400, nullif('c' || i % 100, 'c7'),
    'v' || i % 3000, p.period || i, 'line ' || i, '{}', '{"x": "1"}', :number
from generate_series(1, :lines) i, (select cast(:period as text) as period) p
"""


@pytest.fixture
def year(database: str) -> None:
    """A month of a million lines after two smaller ones."""
    for number, (period, lines) in enumerate(
        [("2026-01", LINES // 5), ("2026-02", LINES // 5), ("2026-03", LINES)], start=1
    ):
        with in_transaction() as session:
            session.execute(text("set local statement_timeout = 0"))
            binds = {"period": period, "lines": lines, "number": number}
            session.execute(text(_FILL), binds)
            session.execute(
                text("insert into period_change values (:period, 'actual', 'cost_lines', :number)"),
                {"period": period, "number": number},
            )
    with in_transaction() as session:
        session.execute(text("analyze cost_line"))


def asked(ingest: ServiceUnderTest) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    answer = ingest.get("/v1/data-quality", params={"period": "2026-03"})
    seconds = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return answer.json(), seconds


@pytest.mark.slow
@pytest.mark.usefixtures("year")
def test_a_million_lines_are_counted_once_and_exactly(ingest: ServiceUnderTest) -> None:
    first, counting = asked(ingest)
    again, kept = asked(ingest)
    assert kept < counting / 2, (counting, kept)
    total = first["total"]
    assert (total["rows"], again["total"]["rows"]) == (LINES, LINES)
    filled = {one["field"]: one["rows"] for one in total["completeness"]["fields"]}
    assert (filled["account"], filled["cost_center"]) == (LINES, LINES - LINES // 100)
    gross = sum(Decimal(i * 7919 % 1000003) for i in range(1, LINES + 1)) / 100
    doubled = total["double_purchases"]
    assert doubled["money"] == [] or Decimal(doubled["money"][0]["of"]) == gross
    changes = total["sudden_changes"]["items"]
    assert {one["source"] for one in changes if one["dimension"] == "source"} == {
        "s0", "s1", "s2", "s3",
    }  # fmt: skip
