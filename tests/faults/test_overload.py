"""More clients than connections, slow clients, held locks, a database that stands still."""

import os
import signal
import socket
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.access import rate_limits
from shared.database import Pool, build_engine, get_engine, in_transaction
from shared.http.problems import problem_of_database
from shared.settings import get_settings
from shared.tables.platform import Job
from tests.faults.serving import Answer, ServedProcess, ask, served
from tests.faults.test_limits import TEN_YEARS
from tests.running import ServiceUnderTest, a_key, make_admin_key

HANGING_SECONDS = 30.0
"""Far beyond every time limit set here: what takes longer has hung."""
LISTS = ["/v1/sources", "/v1/sources?limit=1", "/v1/imports", "/v1/drivers"]


@pytest.fixture(scope="module")
def ingest_process(database: str, admin_key: str) -> Iterator[ServedProcess]:
    with served(
        "ingest",
        BTIM_DATABASE_POOL_SIZE="8",
        BTIM_DATABASE_POOL_TIMEOUT_SECONDS="1",
        BTIM_LOCK_TIMEOUT_MS="1500",
        BTIM_STATEMENT_TIMEOUT_MS="3000",
        BTIM_RATE_LIMIT_SECONDS=str(TEN_YEARS),
        BTIM_SLOW_HEADERS_SECONDS="2",
        BTIM_SLOW_BODY_SECONDS="2",
        BTIM_SLOW_READER_SECONDS="2",
    ) as running:
        yield running


def only_good_or_later(answers: list[Answer]) -> Counter[int]:
    """Each was answered, in time, with 200 or with 503 that says when to come again."""
    for answer in answers:
        assert answer.status in {200, 202, 503}, answer
        assert answer.seconds < HANGING_SECONDS, answer
        if answer.status == 503:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["code"] in {"busy", "database_busy", "database_unavailable"}
    return Counter(answer.status for answer in answers)


@contextmanager
def held(table: str) -> Iterator[None]:
    """Nobody else reads or writes a table."""
    with psycopg.connect(os.environ["BTIM_TEST_SUPERUSER_URL"]) as connection:
        connection.execute(f"lock table {table} in access exclusive mode".encode())
        yield


def test_two_processes_together_let_through_what_one_may(
    ingest_process: ServedProcess, ingest: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "rate_limit_seconds", TEN_YEARS)
    monkeypatch.setattr(rate_limits, "_leases", OrderedDict())
    key = a_key(["ingest:read"], rate_limit=40)
    found: Counter[int] = Counter()
    for _ in range(30):
        found[ingest_process.ask("/v1/me", key=key).status] += 1
        found[ingest.get("/v1/me", headers=ingest.as_caller(key)).status_code] += 1
    assert found == {200: 40, 429: 20}


def test_two_hundred_clients_of_eight_connections_are_answered_or_told_to_come_again(
    ingest_process: ServedProcess,
) -> None:
    job = Job(service="ingest", kind="none", resource_id="x", resource_href="/v1/x", subject="t")
    with in_transaction() as session:
        session.add(job)
    waiting = [f"/v1/jobs/{job.id}?wait=3"] * 10
    probes: list[Answer] = []
    with ThreadPoolExecutor(2) as beside, held("source"):
        answering = beside.submit(ingest_process.ask_at_once, waiting + ["/v1/sources"] * 190)
        time.sleep(0.5)
        for path in ("/healthz", "/readyz") * 3:
            probes.append(ingest_process.ask(path, key="none"))
        answers = answering.result()
    assert [probe.status for probe in probes] == [200] * 6
    found = only_good_or_later(answers)
    assert found[200] >= 10, "whoever waits for a job is told of it"
    assert found[503] >= 150
    assert ingest_process.ask("/v1/sources").status == 200


def test_a_list_is_answered_again_once_the_crowd_has_gone(ingest_process: ServedProcess) -> None:
    found = only_good_or_later(ingest_process.ask_at_once(LISTS * 50))
    assert found[200] >= 100
    assert ingest_process.ask("/v1/sources").status == 200


def test_a_held_lock_is_a_503_that_says_when_to_come_again(ingest_process: ServedProcess) -> None:
    with held("source"):
        answer = ingest_process.ask("/v1/sources")
    assert (answer.status, answer.json()["code"]) == (503, "database_busy")
    assert answer.headers["retry-after"] == "2"


def test_requests_have_the_time_limits_that_are_documented(database: str) -> None:
    with get_engine().connect() as connection:
        found = {
            name: connection.execute(text(f"show {name}")).scalar_one()
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
    assert found == {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    }


@pytest.mark.parametrize(
    ("limit", "pause"),
    [("statement_timeout", 0.0), ("idle_in_transaction_session_timeout", 0.5)],
)
def test_a_limit_that_strikes_is_a_503(database: str, limit: str, pause: float) -> None:
    engine = build_engine(get_settings(), Pool(1, 5000, 5000, 1.0))
    with engine.connect() as connection:
        connection.execute(text(f"set {limit} = 100"))
        time.sleep(pause)
        with pytest.raises(DBAPIError) as struck:
            connection.execute(text("select pg_sleep(2)"))
    engine.dispose()
    problem = problem_of_database(struck.value)
    assert problem is not None
    assert (problem.status, problem.headers) == (503, {"Retry-After": "2"})


def postgres_processes() -> list[int]:
    """The postmaster of the test database and everything below it."""
    with psycopg.connect(os.environ["BTIM_TEST_SUPERUSER_URL"]) as connection:
        (folder,) = connection.execute("show data_directory").fetchone() or ("",)
    postmaster = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    below = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, below)]


@contextmanager
def standing_still(pids: list[int]) -> Iterator[None]:
    """Processes that are stopped, and go on afterwards."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def pause_database(ingest_process: ServedProcess, seconds: float) -> float:
    """Stop the database for a while; answers how long the service needed afterwards."""
    with ThreadPoolExecutor(1) as beside:
        with standing_still(postgres_processes()):
            answering = beside.submit(ingest_process.ask_at_once, LISTS * 15)
            time.sleep(seconds)
            alive = ingest_process.ask("/healthz", key="none")
            ready = ingest_process.ask("/readyz", key="none")
        again = time.monotonic()
        while ingest_process.ask("/v1/sources").status != 200:
            assert time.monotonic() - again < HANGING_SECONDS
            time.sleep(0.1)
        needed = time.monotonic() - again
        for answer in answering.result():
            assert answer.seconds < seconds + HANGING_SECONDS
            assert answer.status in {200, 503}
    assert (alive.status, ready.status) == (200, 503)
    return needed


def test_a_database_that_stands_still_costs_503_and_no_500(ingest_process: ServedProcess) -> None:
    pause_database(ingest_process, 3.0)


class SlowClient:
    """A connection that sends a little of what it owes."""

    def __init__(self, port: int, beginning: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=HANGING_SECONDS)
        self.socket.sendall(beginning)

    def drip(self, drop: bytes) -> bool:
        """Send a little more; False when the other side has ended it."""
        try:
            self.socket.sendall(drop)
        except OSError:
            return False
        return True

    def rest(self) -> bytes:
        """Everything that still comes until the other side ends it."""
        got = b""
        try:
            while more := self.socket.recv(65536):
                got += more
        except ConnectionError:
            pass
        finally:
            self.socket.close()
        return got


def head(*lines: str) -> bytes:
    key = make_admin_key()
    return "\r\n".join([*lines, "Host: x", f"Authorization: Bearer {key}", ""]).encode()


def test_five_hundred_slow_clients_stop_nobody_and_are_ended(ingest_process: ServedProcess) -> None:
    port = ingest_process.port
    body = head("POST /v1/sources HTTP/1.1", "Content-Type: application/json",
                "Content-Length: 1000", "Expect: nothing") + b'\r\n{"'  # fmt: skip
    unread = (head("GET /openapi.json HTTP/1.1") + b"\r\n") * 40
    beginnings = [b"GET /v1/so"] * 200 + [head("GET /v1/me HTTP/1.1")] * 150 + [b"\r\n"] * 50
    beginnings += [b""] * 50 + [body] * 40 + [unread] * 10
    slow = [SlowClient(port, beginning) for beginning in beginnings]
    done = threading.Event()

    def drip() -> None:
        while not done.wait(0.5):
            for client in slow:
                client.drip(b"x" if client.socket.fileno() >= 0 else b"")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        for _ in range(10):
            assert ingest_process.ask("/v1/me").status == 200
        ends = [client.rest() for client in slow]
    finally:
        done.set()
        dripping.join()
        for client in slow:
            client.socket.close()
    late = [end for end in ends[450:490] if end]
    assert all(b" 408 " in end.split(b"\r\n")[0] for end in late)
    assert ingest_process.ask("/v1/me").status == 200


def refused(port: int, sent: bytes) -> bytes:
    client = SlowClient(port, sent)
    return client.rest().split(b"\r\n")[0]


def test_what_lies_about_its_length_or_never_ends_is_refused(ingest_process: ServedProcess) -> None:
    port = ingest_process.port
    post = "POST /v1/sources HTTP/1.1"
    both = head(post, "Content-Length: 4", "Transfer-Encoding: chunked") + b"\r\n0\r\n\r\n"
    twice = head(post, "Content-Length: 4", "Content-Length: 5") + b"\r\n{}{}}"
    no_size = head(post, "Transfer-Encoding: chunked") + b"\r\nzz\r\n{}\r\n"
    strange = head(post, "Transfer-Encoding: chunked, identity") + b"\r\n2\r\n{}\r\n0\r\n\r\n"
    for sent in (both, twice, no_size, strange):
        assert refused(port, sent) == b"HTTP/1.1 400 Bad Request", sent
    endless = b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(9000))
    assert refused(port, endless) == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert refused(port, b"GET /" + b"a" * 200_000) in {
        b"HTTP/1.1 431 Request Header Fields Too Large",
        b"HTTP/1.1 414 URI Too Long",
    }
    assert ask(port, "/v1/me", key=make_admin_key()).status == 200
