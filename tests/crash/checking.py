"""Compares the book with what the system answers, and with what lies in its tables."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import psycopg

from tests.crash.accounts import Accounts, Line
from tests.crash.calling import Caller
from tests.crash.deliveries import Deliveries
from tests.crash.running_system import ROOT, RunningSystem
from tests.crash.traffic import WritePath
from tests.running import outside_environment

SETTLED_SECONDS = 300.0
UNFINISHED = """
    select (select count(*) from job where finished_at is null)
         + (select count(*) from outbox_event where not routed)
         + (select count(*) from outbox_delivery where delivered_at is null)
         + (select count(*) from audit_unsealed)
"""
NOTHING_MAY_BE_FOUND = {
    "a cost line twice": "select 1 from cost_line where live_to is null and document is not null"
    " group by document having count(*) > 1",
    "lines of an import that has not succeeded": "select 1 from cost_line l join data_import i"
    " on i.id = l.import_id where l.live_to is null and i.status <> 'succeeded'",
    "balances of a run that has not succeeded": "select 1 from run_balance b join allocation_run r"
    " on r.id = b.run_id where r.status <> 'succeeded'",
    "two published runs of a month": "select 1 from allocation_run where published"
    " group by period having count(*) > 1",
    "a statement that is not the sum of its lines": "select 1 from statement s where amount <>"
    " (select sum(amount) from statement_line l where l.statement_id = s.id)",
    "two corrections of a dispute": "select 1 from correction"
    " group by dispute_id having count(*) > 1",
    "a job that has failed": "select 1 from job where status <> 'succeeded'",
    "an event that was given up": "select 1 from outbox_delivery where given_up_at is not null",
    "a delivery twice": "select 1 from outbox_delivery"
    " group by event_id, target_service, webhook_id having count(*) > 1",
    "a command twice in the audit trail": "select 1 from audit_event where correlation_id <> ''"
    " group by correlation_id, service, action, resource_type, resource_id having count(*) > 1",
    "a job in the queue for nobody": "select 1 from procrastinate_jobs where status = 'failed'",
}


def check(
    system: RunningSystem,
    caller: Caller,
    accounts: Accounts,
    deliveries: Deliveries,
    paths: Sequence[WritePath],
) -> float:
    """Everything that was accepted is there once and done; answers the seconds it took."""
    started = time.monotonic()
    for service, job_id in accounts.jobs:
        caller.await_success(service, job_id)
    accounts.jobs.clear()
    with psycopg.connect(system.superuser_dsn(), autocommit=True) as database:
        _await_settled(database)
        wrong = _differences_of_tables(database, accounts) + deliveries.differences(database)
    found: list[Line] = [line for path in paths for line in path.read(caller)]
    wrong += accounts.differences(found)
    wrong += accounts.crashes
    assert not wrong, "\n".join(wrong[:20])
    _check_imports(caller, accounts)
    return time.monotonic() - started


def _await_settled(database: psycopg.Connection[Any]) -> None:
    """Wait until nothing is under way any more."""
    until = time.monotonic() + SETTLED_SECONDS
    while database.execute(UNFINISHED).fetchone() != (0,):
        assert time.monotonic() < until, f"still at work after {SETTLED_SECONDS:.0f} s"
        time.sleep(0.1)


def _differences_of_tables(database: psycopg.Connection[Any], accounts: Accounts) -> list[str]:
    wrong = [
        fact
        for fact, query in NOTHING_MAY_BE_FOUND.items()
        if database.execute(f"select exists ({query})").fetchone() == (True,)
    ]
    query = "select distinct correlation_id from audit_event"
    written = {name for (name,) in database.execute(query)}
    return wrong + [
        f"no audit event of {command}"
        for name, command in accounts.commands.items()
        if name not in written
    ]


def _check_imports(caller: Caller, accounts: Accounts) -> None:
    for import_id, rows in accounts.imports.items():
        imported = caller.content("ingest", f"/v1/imports/{import_id}")
        assert imported["status"] == "succeeded", imported
        assert imported["rows"]["accepted"] == rows, imported
    accounts.imports.clear()


def check_run(caller: Caller, run_id: str) -> None:
    """A run reconciles at every step."""
    run = caller.content("allocation", f"/v1/runs/{run_id}")
    assert run["status"] == "succeeded", run
    totals = {name: Decimal(amount) for name, amount in run["totals"]["cost"].items()}
    assert totals["lines"] - totals["out_of_scope"] + totals["own"] == totals["input"], totals
    parts = ("consumers", "retained", "unallocated", "residual")
    assert totals["input"] == sum(totals[part] for part in parts), totals
    steps = caller.content("allocation", f"/v1/runs/{run_id}/reconciliation")["steps"]
    assert steps, "a run without a reconciliation"
    for step in steps:
        assert Decimal(step["difference"]) == 0, step


def check_audit_trail(system: RunningSystem) -> None:
    """`btim audit verify` finds the chain whole."""
    command = [sys.executable, "-m", "cli.main", "audit", "verify", "--json"]
    verified = subprocess.run(
        [*command, "--data-dir", str(system.data_dir)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=outside_environment(),
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["whole"] is True, verified.stdout
