"""kill -9 of service, worker or Postgres during a large import: all of it once, or nothing yet."""

import csv
import itertools
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.postgres.server import PostgresServer
from tests.crash.accounts import Accounts
from tests.crash.calling import Caller
from tests.crash.running_system import RunningSystem

BILL = (
    Path(__file__).parents[2] / "examples" / "oxford-council" / "focus"
    / "focus_1_0_sample_1000.csv"
)  # fmt: skip
KILLS = 30
LEDGER_ROWS = 200_000
BILL_COPIES = 60
BAD_SHARE = 0.03
PATIENCE_SECONDS = 300.0
QUICK_TO_NOTICE = {"BTIM_WORKER_HEARTBEAT_SECONDS": "0.5", "BTIM_WORKER_STALLED_SECONDS": "3"}
VICTIMS = {"service": "ingest", "worker": "ingest-worker", "postmaster": "postmaster"}


@dataclass(frozen=True)
class Upload:
    """A large file, and what an undisturbed import makes of it."""

    path: Path
    kind: str
    rows: int
    accepted: int
    amount: Decimal


def a_ledger(path: Path) -> Upload:
    """Lines of cents, a few of them without a readable amount."""
    chance = random.Random(5)
    accepted, total = 0, 0
    with path.open("w") as file:
        file.write("Date,Document,Amount,Currency,Account,Vendor\n")
        for row in range(LEDGER_ROWS):
            cents = chance.randint(-5_000_000, 50_000_000)
            amount = f"{Decimal(cents) / 100}"
            if chance.random() < BAD_SHARE:
                amount = "unknown"
            else:
                accepted, total = accepted + 1, total + cents
            file.write(f"2026-01-{row % 28 + 1:02},D{row},{amount},EUR,{row % 700},V{row % 90}\n")
    return Upload(path, "ledger", LEDGER_ROWS, accepted, Decimal(total) / 100)


def a_bill(path: Path) -> Upload:
    """The published bill so many times over; equal rows of one file are all real."""
    header, *body = csv.reader(BILL.read_text().splitlines())
    table = pa.table({name: [row[place] for row in body] for place, name in enumerate(header)})
    costs = [Decimal(text) for text in table["EffectiveCost"].to_pylist()]
    pq.write_table(pa.concat_tables([table] * BILL_COPIES), path)
    rows = table.num_rows * BILL_COPIES
    return Upload(path, "focus", rows, rows, sum(costs, Decimal(0)) * BILL_COPIES)


@dataclass
class Importing:
    """A running system into which large files are imported again and again."""

    system: RunningSystem
    accounts: Accounts = field(default_factory=Accounts)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """A robot that repeats a request until somebody answers for it."""
        return Caller(self.system, self.accounts)

    def send(self, upload: Upload, source: str) -> dict[str, Any]:
        """Upload the file and note the answer."""
        answer = self.caller.insist(
            "ingest",
            "POST",
            "/v1/imports",
            data={"kind": upload.kind, "source": source},
            files={"file": (upload.path.name, upload.path.read_bytes())},
        )
        self.answers[source] = answer.json()
        return self.answers[source]

    def await_end(self, source: str) -> dict[str, Any]:
        """Poll until the import has ended; until then none of its lines may be seen."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = self.caller.content("ingest", f"/v1/imports/{self.answers[source]['id']}")
            if found["status"] not in {"queued", "running"}:
                return dict(found)
            self.check_unseen(source)
            assert time.monotonic() < until, found
            time.sleep(0.2)

    def check_unseen(self, source: str) -> None:
        """In one look at the database: an import that has not succeeded shows no lines."""
        query = (
            "select exists (select from cost_line where source = %(source)s),"
            " exists (select from data_import where source = %(source)s and status = 'succeeded')"
        )
        try:
            with self.connected() as connection:
                seen, succeeded = connection.execute(query, {"source": source}).fetchone() or (0, 0)
        except psycopg.OperationalError:
            return
        assert succeeded or not seen

    def lines(self, source: str) -> tuple[int, int, Decimal]:
        """How many live lines there are, how many different ones, and their sum."""
        query = (
            "select count(*), count(distinct row_no), sum(amount) from cost_line"
            " where source = %(source)s and live_to is null"
        )
        with self.connected() as connection:
            [(count, distinct, total)] = connection.execute(query, {"source": source}).fetchall()
        return count, distinct, total

    def connected(self) -> psycopg.Connection[Any]:
        """A connection past the services."""
        server = PostgresServer(self.system.data_dir)
        server.find_running()
        return psycopg.connect(server.superuser_dsn, connect_timeout=5)

    def kill(self, kind: str) -> None:
        """SIGKILL of the one process of this kind that matters to an import."""
        for victim in self.system.processes():
            if (victim.kind, victim.name) == (kind, VICTIMS[kind]):
                self.system.kill(victim)

    def check(self, upload: Upload, source: str) -> None:
        """All of the file is there once, accounted for, and known again."""
        found = self.await_end(source)
        assert found["status"] == "succeeded", found["problem"]
        assert found["rows"]["received"] == upload.rows
        assert found["rows"]["accepted"] == upload.accepted
        assert found["rows"]["rejected"] == upload.rows - upload.accepted
        [amounts] = [entry for entry in found["amounts"] if entry["currency"]]
        assert Decimal(amounts["accepted"]) == upload.amount
        assert self.lines(source) == (upload.accepted, upload.accepted, upload.amount)
        assert self.send(upload, source)["id"] == found["id"]
        assert not self.accounts.crashes, self.accounts.crashes


@pytest.fixture(scope="module")
def importing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Importing]:
    folder = tmp_path_factory.mktemp("imports")
    system = RunningSystem(folder / "data", 18501, settings=dict(QUICK_TO_NOTICE))
    system.start()
    try:
        yield Importing(system)
    finally:
        system.stop()


@pytest.mark.slow
def test_a_large_import_killed_at_any_moment_is_there_once(
    importing: Importing, tmp_path: Path
) -> None:
    uploads = [a_ledger(tmp_path / "ledger.csv"), a_bill(tmp_path / "bill.parquet")]
    seconds = []
    for upload in uploads:
        began = time.monotonic()
        importing.send(upload, f"undisturbed {upload.kind}")
        importing.await_end(f"undisturbed {upload.kind}")
        seconds.append(time.monotonic() - began)
        importing.check(upload, f"undisturbed {upload.kind}")
    chance = random.Random(11)
    turns = itertools.islice(itertools.cycle(itertools.product(VICTIMS, (0, 1))), KILLS)
    for number, (victim, place) in enumerate(turns):
        source = f"{number} {victim} {uploads[place].kind}"
        sending = threading.Thread(target=importing.send, args=(uploads[place], source))
        sending.start()
        moment = chance.uniform(0, seconds[place])
        time.sleep(moment)
        importing.kill(victim)
        back = importing.system.await_ready()
        sending.join()
        importing.check(uploads[place], source)
        print(f"{source}: killed after {moment:.1f} s, back in {back:.1f} s")  # noqa: T201
