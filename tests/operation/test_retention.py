"""What is older than the settings say goes; what a closed or published month needs stays."""

import os
from typing import Any

import psycopg
import pytest

from shared.jobs import retention
from shared.settings import get_settings
from tests.modelling import Modelling, direct, ok
from tests.running import ServiceUnderTest

CSV = b"Period,Account,Amount\n2031-03,SW,10.10\n2031-03,SW,nothing\n"
TABLES = ("allocation_run", "stored_file", "data_import", "job", "outbox_event", "received_event")
TIMES = ("created_at", "finished_at", "received_at")


def make_all_old() -> None:
    """Everything was written a hundred days earlier."""
    with psycopg.connect(os.environ["BTIM_TEST_SUPERUSER_URL"]) as connection:
        connection.execute("set session_replication_role = replica")
        found = connection.execute(
            "select format('update %%I set %%I = %%I - interval ''100 days''', table_name,"
            " column_name, column_name) from information_schema.columns"
            " where table_name = any(%s) and column_name = any(%s)",
            [list(TABLES), list(TIMES)],
        )
        for (statement,) in found.fetchall():
            connection.execute(statement)
        connection.execute("update outbox_event set routed = true")
        connection.execute("update outbox_delivery set delivered_at = now()")


def count(query: str) -> int:
    with psycopg.connect(os.environ["BTIM_TEST_SUPERUSER_URL"]) as connection:
        (found,) = connection.execute(query).fetchone() or (0,)
        return int(found)


@pytest.fixture(scope="module")
def runs(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> dict[str, Any]:
    """One run was published, one never, one never in a month that was closed since."""
    files = {"file": ("march.csv", CSV, "text/csv")}
    form = {"kind": "ledger", "source": "erp", "currency": "EUR", "period": "2031-03"}
    made = ok(ingest.post("/v1/imports", files=files, data=form))
    ingest.run_jobs()
    modelling = Modelling(allocation, ingest)
    for layer, code in (("pool", "P"), ("solution", "S"), ("consumer", "C")):
        modelling.objects(layer, code)
    modelling.lines("2031-02", [{"account": "SW", "amount": "5"}])
    modelling.publish_model(
        [
            direct("p", "line_to_pool", "P", source={"account": "SW"}),
            direct("s", "pool_to_solution", "S"),
            direct("c", "solution_to_consumer", "C"),
        ],
        {},
    )
    done = {
        "published": modelling.run("2031-03", publish=True),
        "old": modelling.run("2031-03"),
        "closed": modelling.run("2031-02"),
    }
    modelling.run("2031-02", publish=True)
    ok(allocation.post("/v1/periods/2031-02/close", json={"reason": "done"}))
    make_all_old()
    return {**done, "import": made["id"]}


def remove_after(days: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    for name in ("files", "rejects", "run_inputs", "reports", "events", "jobs"):
        monkeypatch.setattr(get_settings(), f"keep_{name}_days", days)
    removed: dict[str, int] = {}
    for service in ("ingest", "allocation", "valuation"):
        removed |= retention.remove_old(service)
    return removed


def test_nothing_goes_where_no_days_are_set_or_they_have_not_passed(
    runs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remove_after(0, monkeypatch) == {}
    assert remove_after(200, monkeypatch) == {}


def test_what_is_old_goes_and_what_was_published_or_closed_stays(
    runs: dict[str, Any], ingest: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    audited = count("select count(*) from audit_event")
    removed = remove_after(50, monkeypatch)
    assert {"uploaded_file", "import_reject", "run_chunk", "job", "outbox_event"} == set(removed)
    assert count("select count(*) from audit_event") == audited + len(removed)
    old, trace = runs["old"], {"layer": "consumer", "code": "C"}
    answer = old.allocation.get(f"{old.path}/trace", params=trace)
    assert (answer.status_code, answer.json()["code"]) == (409, "run_archived")
    totals = ok(old.allocation.get(old.path))["totals"]
    assert totals == old.run["totals"]
    assert count(f"select count(*) from run_balance where run_id = '{old.run['id']}'") > 0
    assert runs["published"].ask("trace", **trace)
    assert count("select count(distinct run_id) from run_chunk") == 3
    kept = ok(ingest.get(f"/v1/imports/{runs['import']}"))
    assert kept["rows"]["rejected"] == 1
    assert kept["file"]["sha256"]
    assert remove_after(50, monkeypatch) == {}
