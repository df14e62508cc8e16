"""Chunks of runs lie in a partition for each month of runs; readers see one table."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from services.allocation.runs.partition_repository import first_id, make_coming_months

NOW, FAR = datetime.now(UTC), datetime(2061, 5, 9, tzinfo=UTC)
A_RUN = """
insert into allocation_run (id, status, period, scenario, currency, model_version_id, measures,
    on_missing_rate, subject, inputs_as_of, precision, totals, unconverted, counts, timings_ms,
    accuracy, findings, version)
values (%s, 'queued', '2026-01', 'actual', 'CNY', uuidv7(), '[]', 'refuse', 'tester', '{}', '{}',
    '{}', '[]', '{}', '{}', '{}', '[]', 1)
"""
A_CHUNK = "insert into run_chunk (run_id, name, position, content) values (%s, 'flows', 0, 'x')"

Connection = psycopg.Connection[Any]


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """As the superuser, who may leave the model out that a run refers to."""
    url = os.environ["BTIM_TEST_SUPERUSER_URL"]
    with psycopg.connect(url, autocommit=True) as opened:
        yield opened


def a_run(connection: Connection, moment: datetime, number: int = 1) -> UUID:
    """A run made at some moment, with one chunk."""
    run_id = UUID(int=UUID(first_id(moment)).int | 0x7000_8000_0000_0000_0000 | number)
    connection.execute("set session_replication_role = replica")
    connection.execute(A_RUN, (run_id,))
    connection.execute("set session_replication_role = origin")
    connection.execute(A_CHUNK, (run_id,))
    return run_id


def place(connection: Connection, run_id: UUID) -> str:
    query = "select tableoid::regclass::text from run_chunk where run_id = %s"
    [[name]] = connection.execute(query, (run_id,)).fetchall()
    return str(name)


def partitions(connection: Connection) -> set[str]:
    query = (
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'run_chunk'::regclass"
    )
    return {name for (name,) in connection.execute(query)}


def scanned(connection: Connection, query: str) -> str:
    return "\n".join(line for (line,) in connection.execute(f"explain {query}"))


def test_a_run_lies_where_its_id_says_and_another_century_is_not_refused(
    connection: Connection,
) -> None:
    now, far = a_run(connection, NOW, 2), a_run(connection, FAR)
    assert (place(connection, now), place(connection, far)) == (
        "run_chunk_before",
        "run_chunk_other",
    )


def test_reading_a_run_looks_into_one_partition_only(connection: Connection) -> None:
    run_id = a_run(connection, NOW, 3)
    plan = scanned(connection, f"select content from run_chunk where run_id = '{run_id}'")
    assert set(re.findall("run_chunk_[a-z0-9_]+", plan.replace("pk_", ""))) == {"run_chunk_before"}


def test_months_are_made_once_by_several_workers_and_hold_what_comes(
    connection: Connection,
) -> None:
    later = datetime(2040, 11, 5, 12, tzinfo=UTC)
    with ThreadPoolExecutor(4) as workers:
        made = [name for names in workers.map(make_coming_months, [later] * 4) for name in names]
    expected = ["2040_11", "2040_12", "2041_01", "2041_02"]
    assert sorted(made) == [f"run_chunk_{month}" for month in expected]
    assert set(made) <= partitions(connection)
    assert place(connection, a_run(connection, datetime(2040, 12, 31, 23, 59, tzinfo=UTC))) == (
        "run_chunk_2040_12"
    )
    assert make_coming_months(later) == []


def test_a_month_whose_runs_lie_elsewhere_already_stays_there(connection: Connection) -> None:
    early = a_run(connection, datetime(2050, 2, 3, tzinfo=UTC))
    made = make_coming_months(datetime(2050, 1, 9, tzinfo=UTC))
    assert made == ["run_chunk_2050_01", "run_chunk_2050_03", "run_chunk_2050_04"]
    assert place(connection, early) == "run_chunk_other"


def test_months_that_the_former_table_covers_need_no_partition(connection: Connection) -> None:
    made = make_coming_months(datetime(2020, 1, 9, tzinfo=UTC))
    assert made == []


def test_a_partition_is_made_while_somebody_reads_and_writes_chunks(
    connection: Connection, database: str
) -> None:
    with psycopg.connect(database) as busy:
        busy.execute(A_CHUNK.replace("'flows', 0", "'flows', 1"), (a_run(connection, NOW, 4),))
        busy.execute("select count(*) from run_chunk where run_id = %s", (first_id(NOW),))
        assert len(make_coming_months(datetime(2045, 1, 1, tzinfo=UTC))) == 4
        busy.rollback()


def test_chunks_in_every_partition_never_change_and_go_with_their_run(
    connection: Connection,
) -> None:
    make_coming_months(datetime(2046, 1, 1, tzinfo=UTC))
    for run_id in (
        a_run(connection, NOW, 5),
        a_run(connection, FAR, 5),
        a_run(connection, datetime(2046, 1, 2, tzinfo=UTC)),
    ):
        with pytest.raises(psycopg.Error, match="never change"):
            connection.execute("update run_chunk set content = 'y' where run_id = %s", (run_id,))
        connection.execute("delete from allocation_run where id = %s", (run_id,))
        left = connection.execute("select 1 from run_chunk where run_id = %s", (run_id,))
        assert left.fetchall() == []


def test_an_archived_month_is_taken_out_and_put_back_whole(connection: Connection) -> None:
    moment = datetime(2047, 1, 2, tzinfo=UTC)
    make_coming_months(moment)
    run_id = a_run(connection, moment)
    connection.execute("alter table run_chunk detach partition run_chunk_2047_01")
    assert connection.execute("select 1 from run_chunk where run_id = %s", (run_id,)).rowcount == 0
    bounds = (first_id(moment.replace(day=1)), first_id(moment.replace(day=1, month=2)))
    connection.execute(
        "alter table run_chunk attach partition run_chunk_2047_01 for values"
        f" from ('{bounds[0]}') to ('{bounds[1]}')"
    )
    assert place(connection, run_id) == "run_chunk_2047_01"
