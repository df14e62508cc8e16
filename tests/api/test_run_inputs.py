"""What a run reads by the million comes out of the database exactly as it lies there."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.allocation.engine.model import DriverTable
from services.allocation.engine.storing.driver_storage import (
    driver_head,
    dump_drivers,
    load_drivers,
)
from services.allocation.engine.storing.parquet import write_chunks
from services.allocation.runs.line_repository import read_lines
from services.allocation.runs.quantity_repository import read_quantities
from shared.derived_drivers import Facts
from shared.money import from_units

PERIOD = "2031-05"
STRANGE = 'He said "no", twice'
ROWS = [
    ("small", None, "B", "2.50"),
    ("small", None, "A", "-0.125"),
    ("small", "R-1", STRANGE, "7"),
    ("small", "R-1", "逗号，", "0"),
    ("fine", None, "A", "0.000000000000000001"),
    ("huge", "R-1", "A", "12345678901234567890.123456789012345678"),
    ("huge", None, "A", "-1"),
]


@pytest.fixture
def quantities(session: Any) -> Any:
    statement = text(
        "insert into driver_quantity (driver, period, scenario, source, target, quantity,"
        " live_from) values (:driver, :period, 'actual', :source, :target, :quantity, 1)"
    )
    for driver, source, target, quantity in ROWS:
        row = {"driver": driver, "source": source, "target": target}
        session.execute(statement, {**row, "period": PERIOD, "quantity": Decimal(quantity)})
    return session


def rows_of(table: DriverTable) -> list[tuple[str | None, str | None, Decimal]]:
    amounts = [from_units(units, table.decimals) for units in table.quantities.tolist()]
    return list(zip(table.sources.texts(), table.targets.texts(), amounts, strict=True))


def read(session: Any, as_of: int = 1) -> dict[str, DriverTable]:
    bases = dict.fromkeys(("small", "fine", "huge", "missing"), "measured")
    return read_quantities(session, bases, PERIOD, "actual", as_of)


def test_every_quantity_is_read_exactly_with_its_source_and_target(quantities: Any) -> None:
    tables = read(quantities)
    assert set(tables) == {"small", "fine", "huge"}
    for code, table in tables.items():
        expected = [(row[1], row[2], Decimal(row[3])) for row in ROWS if row[0] == code]
        assert sorted(rows_of(table), key=str) == sorted(expected, key=str)
    assert [tables[code].decimals for code in ("small", "fine", "huge")] == [3, 18, 18]


def test_only_a_driver_with_huge_quantities_leaves_the_64_bits(quantities: Any) -> None:
    kinds = {code: table.quantities.dtype.kind for code, table in read(quantities).items()}
    assert kinds == {"small": "i", "fine": "i", "huge": "O"}


def test_quantities_of_later_changes_are_not_seen(quantities: Any) -> None:
    assert read(quantities, as_of=0) == {}


def test_stored_quantities_come_back_in_their_order(quantities: Any) -> None:
    tables = list(read(quantities).values())
    stored: dict[str, list[bytes]] = {}
    for chunk in dump_drivers(tables):
        stored.setdefault(chunk.name, []).append(chunk.content)
    found = load_drivers([driver_head(table) for table in tables], stored)
    assert [rows_of(table) for table in found] == [rows_of(table) for table in tables]
    assert [table.quantities.dtype for table in found] == [t.quantities.dtype for t in tables]


def test_every_line_is_read_with_its_id_and_its_exact_amount(session: Any) -> None:
    amounts = ["10.25", "-0.000000000000000003", "12345678901234567890", "4"]
    ids: dict[UUID, Decimal] = {}
    for number, amount in enumerate(amounts):
        row = {"number": number, "amount": Decimal(amount), "account": f"A{number % 2}"}
        found = session.execute(
            text(
                "insert into cost_line (identity, ordinal, source, period, scenario, amount,"
                " currency, account, tags, fields, live_from) values (md5(cast(:number as text))"
                f"::uuid, 1, 'x', '{PERIOD}', 'actual', :amount, 'EUR', :account, '{{}}', '{{}}',"
                " 1) returning id"
            ),
            row,
        )
        ids[found.scalar_one()] = Decimal(amount)
    lines = read_lines(session, Facts(PERIOD, "actual", 1, 1), ["account"])
    assert sorted(lines.columns["account"].texts()) == ["A0", "A1"]
    assert lines.counts.tolist() == [2, 2]
    read_ids = [UUID(int=(high << 64) | low) for high, low in lines.ids.tolist()]
    read_amounts = [from_units(units, lines.decimals) for units in lines.amounts.tolist()]
    assert dict(zip(read_ids, read_amounts, strict=True)) == ids


def test_a_period_without_lines_has_none(session: Any) -> None:
    lines = read_lines(session, Facts("2031-06", "actual", 1, 1), ["account", "tags.team"])
    assert (len(lines.counts), len(lines.ids), len(lines.amounts)) == (0, 0, 0)


def test_quantities_stored_one_driver_a_file_are_still_read(quantities: Any) -> None:
    tables = list(read(quantities).values())
    stored: dict[str, list[bytes]] = {}
    for place, table in enumerate(tables):
        rows: dict[str, Any] = {
            "source": table.sources,
            "target": table.targets,
            "quantity": table.quantities,
        }
        stored[f"input.driver.{place}"] = list(write_chunks(rows))
    heads = [{key: getattr(one, key) for key in ("code", "basis", "decimals")} for one in tables]
    found = load_drivers(heads, stored)
    assert [rows_of(table) for table in found] == [rows_of(table) for table in tables]
