"""Every list over tables of many rows: no sequential scan of one, at most ten statements."""

import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.running import ServiceUnderTest

pytestmark = pytest.mark.slow
ROWS = 12_000
LARGE = 10_000
MOST_STATEMENTS = 10
PERIOD = "'2025-' || lpad((n % 12 + 1)::text, 2, '0')"
# Values that a rule of the table asks for; every other column is filled by its type.
VALUES = {
    "cost_line": {"scenario": "'actual'", "cost_type": "'opex'", "currency": "'EUR'"},
    "driver_quantity": {"scenario": "'actual'"},
    "exchange_rate": {"kind": "'average'"},
    "ticket": {"kind": "'incident'"},
    "cost_object": {"layer": "'consumer'"},
    "observation": {},
    "initiative_cash_flow": {"category": "'benefit'", "basis": "'plan'"},
    "audit_event": {"at": "now()",
                    "service": "(array['ingest','allocation','valuation'])[n % 3 + 1]"},
    "job": {"service": "(array['ingest','allocation','valuation'])[n % 3 + 1]",
            "status": "'succeeded'", "finished_at": "now()"},
}  # fmt: skip
EMPTY = {"live_to", "closed_by", "import_id", "parent_id", "parent", "at", "valid_from", "valid_to"}
BY_TYPE = {
    "uuid": "md5({salt} || n)::uuid",
    "text": "{salt} || n",
    "varchar": "{salt} || n",
    "int4": "1",
    "int8": "1",
    "int2": "1",
    "numeric": "n + 1",
    "float8": "1",
    "bool": "false",
    "date": "date '2025-01-01' + n % 300",
    "timestamptz": "now()",
    "jsonb": "'{}'",
    "bytea": "'x'",
    "_text": "'{}'",
    "_varchar": "'{}'",
}


def fill(connection: psycopg.Connection[Any], table: str, values: dict[str, str]) -> None:
    """Many rows, without what they refer to."""
    columns = connection.execute(
        "select column_name, udt_name from information_schema.columns where table_name = %s"
        " and table_schema = 'public' and is_generated = 'NEVER' and is_identity = 'NO'",
        (table,),
    ).fetchall()
    chosen = {
        name: values.get(name)
        or (PERIOD if name == "period" else BY_TYPE[kind].replace("{salt}", f"'{name}'"))
        for name, kind in columns
        if name in values or name not in EMPTY
    }
    connection.execute(
        f"insert into {table} ({', '.join(chosen)})"
        f" select {', '.join(chosen.values())} from generate_series(1, {ROWS}) n"
    )


@dataclass
class Watched:
    """What the server's log says of the statements of a request, with their plans."""

    path: Path
    seen: int = 0
    statements: dict[str, int] = field(default_factory=dict)
    scans: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def skip(self) -> None:
        """Leave out what came since the last time: connections and caches that are new."""
        time.sleep(0.02)
        self.seen = self.path.stat().st_size

    def take(self, name: str) -> None:
        """Remember what came since the last time as the statements of this request."""
        time.sleep(0.02)  # the log is written by other processes
        with self.path.open("rb") as log:
            log.seek(self.seen)
            text = log.read().decode(errors="replace")
            self.seen = log.tell()
        plans = re.findall(r"plan:\n(\t\{.*?\n\t\})", text, re.DOTALL)
        self.statements[name] = max(self.statements.get(name, 0), len(plans))
        for plan in plans:
            found = json.loads(plan)
            for table in _scanned(found["Plan"]):
                self.scans[table].add(f"{name}: {found['Query Text'][:300]}")


def _scanned(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", []):
        yield from _scanned(part)


@pytest.fixture(scope="module")
def watched(
    ingest: ServiceUnderTest, allocation: ServiceUnderTest, valuation: ServiceUnderTest
) -> Watched:
    """All lists asked for, each plainly, of a period, and its second page."""
    from shared.database import close_connections

    url = os.environ["BTIM_TEST_SUPERUSER_URL"]
    explain = {"log_min_duration": "0", "log_format": "json"}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        for table, values in VALUES.items():
            fill(connection, table, values)
        connection.execute("analyze")
        [[folder]] = connection.execute("show data_directory").fetchall()
        database = sql.Identifier(connection.info.dbname)
        alter = sql.SQL("alter database {} ").format(database)
        connection.execute(alter + sql.SQL("set session_preload_libraries = 'auto_explain'"))
        for name, value in explain.items():
            setting = sql.SQL("set auto_explain.{} = {}").format(sql.Identifier(name), value)
            connection.execute("load 'auto_explain'")
            connection.execute(alter + setting)
        close_connections()
        log = Path(folder).parent / "logs" / "postgres.log"
        watched = Watched(log, log.stat().st_size)
        try:
            for client in (ingest, allocation, valuation):
                walk(client, watched)
        finally:
            connection.execute(alter + sql.SQL("reset all"))
            close_connections()
    return watched


def walk(client: ServiceUnderTest, watched: Watched) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    client.get("/v1/jobs")
    watched.skip()
    for path, operations in paths.items():
        names = {one["name"] for one in operations.get("get", {}).get("parameters", [])}
        if "limit" not in names or "{" in path:
            continue
        answer = client.get(path, params={"limit": 50})
        watched.take(f"{client.service} {path}")
        if answer.status_code == 200 and answer.json().get("next_cursor"):
            cursor = answer.json()["next_cursor"]
            assert client.get(path, params={"limit": 50, "cursor": cursor}).status_code == 200
            watched.take(f"{client.service} {path} second page")
        if "period" in names:
            client.get(path, params={"limit": 50, "period": "2025-03"})
            watched.take(f"{client.service} {path} of a period")


def test_no_large_table_is_read_from_end_to_end(watched: Watched) -> None:
    assert len(watched.statements) > 60
    large = {table: calls for table, calls in watched.scans.items() if table in VALUES}
    assert large == {}


def test_no_list_takes_more_than_ten_statements(watched: Watched) -> None:
    many = {name: count for name, count in watched.statements.items() if count > MOST_STATEMENTS}
    assert many == {}
    assert sum(count > 0 for count in watched.statements.values()) > 50
