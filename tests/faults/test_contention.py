"""Many change the same few things in any order: no deadlock is seen, nothing is done twice."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.database import in_transaction
from tests.running import ServiceUnderTest

CODES = [f"busy-{number}" for number in range(6)]
CLIENTS = 8
PATIENCE_SECONDS = 60.0


@dataclass
class Robots:
    """Clients that repeat a request with the same key for as long as they are told to wait."""

    ingest: ServiceUnderTest
    statuses: Counter[int] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)

    def one(self, seed: int) -> None:
        """One change at random, until it is done."""
        chance = random.Random(seed)
        path, body = _change(chance)
        headers = {"Idempotency-Key": str(uuid4())}
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            answer = self.ingest.post(path, json=body, headers=headers)
            self.statuses[answer.status_code] += 1
            if answer.status_code != 503:
                break
            if "retry-after" not in answer.headers:
                self.unexpected.append("503 without Retry-After")
            time.sleep(chance.random() / 20)
        if answer.status_code != 200 or any(
            result["status"] == "error" for result in answer.json()["results"]
        ):
            self.unexpected.append(f"{answer.status_code} {answer.text[:300]}")

    def many(self, count: int) -> None:
        """So many changes, as fast as they go."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self.one, range(count)))


def _change(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """A bulk change of some of the few things, in any order, all or each for itself."""
    codes = chance.sample(CODES, chance.randint(2, 4))
    atomic = f"?atomic={chance.choice(['true', 'false'])}"
    if chance.random() < 0.5:
        items: list[dict[str, Any]] = [
            {"code": code, "names": {"en": f"Name {chance.randrange(10**6)}"}, "unit": "h"}
            for code in codes
        ]
        return f"/v1/drivers/bulk{atomic}", {"items": items}
    items = [
        {"driver": code, "period": "2031-01", "target": "T", "quantity": str(chance.randrange(99))}
        for code in codes
    ]
    return f"/v1/driver-quantities/bulk{atomic}", {"items": items}


def deadlocks() -> int:
    with in_transaction() as session:
        found = session.execute(
            text("select deadlocks from pg_stat_database where datname = current_database()")
        )
        return int(found.scalar_one())


def contend(ingest: ServiceUnderTest, count: int) -> None:
    """So many changes at random; none is refused in the end, and each is kept once."""
    drivers = [{"code": code, "names": {"en": "One"}, "unit": "h"} for code in CODES]
    made = ingest.post("/v1/drivers/bulk", json={"items": drivers})
    assert made.status_code == 200, made.text
    robots = Robots(ingest)
    robots.many(count)
    assert robots.unexpected == []
    assert set(robots.statuses) <= {200, 503}, robots.statuses
    assert robots.statuses[200] == count
    with in_transaction() as session:
        kept = text("select count(*), count(distinct key) from idempotency_key")
        assert tuple(session.execute(kept).one()) == (count, count)


def test_changes_in_any_order_end_well_though_they_meet(ingest: ServiceUnderTest) -> None:
    contend(ingest, 200)


@pytest.mark.slow
def test_ten_thousand_changes_in_any_order_end_well(ingest: ServiceUnderTest) -> None:
    with in_transaction() as session:
        session.execute(text("delete from idempotency_key"))
    contend(ingest, 10_000)
