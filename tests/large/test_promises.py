"""Promises of the contract, many times over: keys, cursors, amounts, half-bad bulks.

Two processes answer in turn where nothing may rest on the memory of one. Each promise is kept at
a small size in every run of the tests, and at its full size among the slow proofs.
"""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.faults.serving import ServedProcess, served
from tests.modelling import ok
from tests.running import ServiceUnderTest

SETTINGS = {"BTIM_LOG_LEVEL": "ERROR", "BTIM_RATE_LIMIT_REQUESTS": "0"}
SMALL_OR_FULL = [0, pytest.param(1, marks=pytest.mark.slow)]
"""The sizes of a promise: the first in every run, the second among the slow proofs."""


Asked = Callable[..., httpx2.Response]


class Replicas:
    """Two processes of one service; requests go to them in turn."""

    def __init__(self, processes: list[ServedProcess], key: str) -> None:
        self.processes = processes
        limits = httpx2.Limits(max_connections=64)
        self._clients = [
            httpx2.Client(
                base_url=f"http://127.0.0.1:{one.port}",
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
                limits=limits,
            )
            for one in processes
        ]
        self._turns = itertools.count()

    def ask(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """The answer of the process whose turn it is."""
        return self._clients[next(self._turns) % len(self._clients)].request(method, path, **sent)

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(scope="module")
def models(database: str, admin_key: str) -> Iterator[Replicas]:
    with served("allocation", **SETTINGS) as first, served("allocation", **SETTINGS) as second:
        replicas = Replicas([first, second], admin_key)
        yield replicas
        replicas.close()


def whole_list(asked: Asked, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Every item of a list, page by page."""
    cursor = None
    while True:
        page = ok(asked("GET", path, params=query | ({"cursor": cursor} if cursor else {})))
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("size", SMALL_OR_FULL)
def test_a_key_sent_many_times_at_once_counts_once(models: Replicas, size: int) -> None:
    keys, at_once = [(15, 6), (1_000, 20)][size]
    prefix = f"IDEM{size}-"

    def send(number: int) -> tuple[int, int, bytes]:
        key = number // at_once
        body = {"code": f"{prefix}{key:04}", "names": {"en": "x"}}
        answer = models.ask(
            "POST", "/v1/solutions", json=body, headers={"Idempotency-Key": f"{prefix}{key}"}
        )
        return key, answer.status_code, answer.content

    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(send, range(keys * at_once)))
    assert {status for _, status, _ in answers} <= {201, 409}
    for _, status, content in answers:
        assert status == 201 or b'"idempotency_key_in_use"' in content, content
    assert len({(key, content) for key, status, content in answers if status == 201}) == keys
    found = [item for item in whole_list(models.ask, "/v1/solutions", limit=1000)
             if item["code"].startswith(prefix)]  # fmt: skip
    assert len(found) == keys

    def other(key: int) -> str:
        body = {"code": f"{prefix}other{key}", "names": {"en": "x"}}
        headers = {"Idempotency-Key": f"{prefix}{key}"}
        answer = models.ask("POST", "/v1/solutions", json=body, headers=headers)
        return f"{answer.status_code} {answer.json()['code']}"

    with ThreadPoolExecutor(at_once) as pool:
        refused = Counter(pool.map(other, range(keys)))
    assert refused == {"422 idempotency_key_reused": keys}


def test_a_key_outlives_the_process_that_took_it(models: Replicas) -> None:
    body, headers = {"code": "KILLED", "names": {"en": "x"}}, {"Idempotency-Key": "killed"}
    first, second = (models.ask("POST", "/v1/solutions", json=body, headers=headers)
                     for _ in range(2))  # fmt: skip
    assert (first.status_code, second.content) == (201, first.content)
    process = models.processes[0].process
    assert process is not None
    process.kill()
    process.wait()
    models.processes[0].start()
    for _ in range(2):
        again = models.ask("POST", "/v1/solutions", json=body, headers=headers)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("size", SMALL_OR_FULL)
def test_a_walk_sees_all_that_was_there_once_while_others_write(
    models: Replicas, size: int
) -> None:
    rows, writes, each, limit = [(1_500, 40, 1, 100), (100_000, 100, 50, 1_000)][size]
    prefix = f"WALK{size}-"
    codes = [f"{prefix}{number:06}" for number in range(rows)]
    for first in range(0, rows, 10_000):
        items = [{"code": code, "names": {"en": code}} for code in codes[first : first + 10_000]]
        ok(models.ask("POST", "/v1/resources/bulk", json={"items": items}))
    chance = random.Random(size)
    written: list[int] = []

    def write() -> None:
        for number in range(writes):
            places = chance.sample(range(rows), 2 * each)
            new = [{"code": f"{codes[place]}+{number}", "names": {"en": "new"}}
                   for place in places[:each]]  # fmt: skip
            edited = [{"code": codes[place], "names": {"en": f"edited {number}"}}
                      for place in places[each:]]  # fmt: skip
            done = models.ask("POST", "/v1/resources/bulk", json={"items": new + edited})
            written.append(done.status_code)

    writer = threading.Thread(target=write)
    writer.start()
    seen = Counter(
        item["code"] for item in whole_list(models.ask, "/v1/resources", limit=limit, sort="code")
    )
    writer.join()
    assert set(written) == {200}
    assert {code: seen[code] for code in codes} == dict.fromkeys(codes, 1)
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("size", SMALL_OR_FULL)
def test_every_amount_comes_back_as_it_was_sent(ingest: ServiceUnderTest, size: int) -> None:
    count = [1_500, 100_000][size]
    period = ["2031-01", "2031-02"][size]
    chance = random.Random(7)
    digits = {"JPY": 0, "EUR": 2, "KWD": 3}
    edges = ["0", "-0.01", "0.000000000000000001", "999999999999999999.99",
             "-999999999999999999.999999999999999999", "1000000000000000000", "0.1"]  # fmt: skip
    sent: dict[str, str] = {}
    items = []
    for number in range(count):
        currency = chance.choice(list(digits))
        units = chance.randrange(-(10**20), 10**20) >> chance.randrange(60)
        amount = edges[number] if number < len(edges) else plain(units, digits[currency])
        sent[f"{number:06}"] = amount
        items.append({"external_id": f"{number:06}", "source": "amounts", "period": period,
                      "currency": currency, "amount": amount})  # fmt: skip
    for first in range(0, count, 10_000):
        body = {"items": items[first : first + 10_000]}
        done = ok(ingest.request("POST", "/v1/cost-lines/bulk", json=body))["results"]
        assert {result["status"] for result in done} == {"created"}
    query = {"period": period, "source": "amounts", "limit": 1000}
    found = {
        item["external_id"]: item["amount"]
        for item in whole_list(ingest.request, "/v1/cost-lines", **query)
    }
    assert found == sent


def plain(units: int, digits: int) -> str:
    """A decimal in its shortest form: no exponent, no zeros at the end, no minus zero."""
    text = format(Decimal(units).scaleb(-digits), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def test_of_a_thousand_lines_with_ten_bad_ones_all_or_the_good_ones_are_kept(
    ingest: ServiceUnderTest,
) -> None:
    bad = range(5, 1_000, 100)

    def items(source: str) -> list[dict[str, Any]]:
        return [
            {"external_id": str(place), "source": source, "period": "2031-03", "currency": "EUR",
             "amount": "ten" if place in bad else "10.00"}
            for place in range(1_000)
        ]  # fmt: skip

    whole = ingest.request(
        "POST", "/v1/cost-lines/bulk?atomic=true", json={"items": items("atomic")}
    )
    assert whole.status_code == 422
    assert [fault["pointer"] for fault in whole.json()["errors"]] == [
        f"/items/{place}/amount" for place in bad
    ]
    assert not list(whole_list(ingest.request, "/v1/cost-lines", source="atomic"))
    results = ok(ingest.request("POST", "/v1/cost-lines/bulk", json={"items": items("partial")}))
    kinds = Counter(result["status"] for result in results["results"])
    assert kinds == {"created": 990, "error": 10}
    faults = [result["error"]["errors"][0]["pointer"] for result in results["results"]
              if result["status"] == "error"]  # fmt: skip
    assert faults == [f"/items/{place}/amount" for place in bad]
    kept = list(whole_list(ingest.request, "/v1/cost-lines", source="partial", limit=1000))
    assert len(kept) == 990
