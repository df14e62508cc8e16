"""Two requests that are each right and together wrong: one of them is refused, whatever the timing.

The two always overlap. PostgreSQL forgets conflicts of SERIALIZABLE while one transaction stays
open over thousands of others; no promise of ours rests on that level: the slow proof shows it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.test_valuation_kpis import a_kpi
from tests.faults.overlapping import connection, overlapping
from tests.modelling import Modelling, direct, ok
from tests.running import ServiceUnderTest

Ask = Callable[[], Any]
ANY = {"If-Match": "*"}
FILLERS = 3_000


@dataclass
class Race:
    """Two requests, and what must not be true after both."""

    first: Ask
    second: Ask
    broken: Callable[[], bool]


@dataclass
class Company:
    """The three services, and a number that keeps the codes of one race apart from another's."""

    ingest: ServiceUnderTest
    allocation: ServiceUnderTest
    valuation: ServiceUnderTest
    number: int = 0

    def code(self, name: str) -> str:
        return f"{name}{self.number}"

    def made(self, client: ServiceUnderTest, collection: str, **fields: Any) -> str:
        """The path of a new thing."""
        return f"/v1/{collection}/{ok(client.post(f'/v1/{collection}', json=fields))['id']}"

    def there(self, client: ServiceUnderTest, path: str) -> bool:
        return bool(client.get(path).status_code == 200)


@pytest.fixture(scope="module")
def company(
    ingest: ServiceUnderTest, allocation: ServiceUnderTest, valuation: ServiceUnderTest
) -> Company:
    model = Modelling(allocation, ingest)
    model.objects("pool", "IT")
    model.objects("consumer", "ALL")
    model.publish_model(
        [
            direct("all", "line_to_pool", "IT", source={}),
            direct("on", "pool_to_consumer", "ALL", source={}),
        ],
        {},
    )
    model.lines("2031-01", [{"amount": "10.00"}])
    return Company(ingest, allocation, valuation)


def a_circle_of_parents(company: Company) -> Race:
    client, codes = company.allocation, [company.code("LEFT"), company.code("RIGHT")]
    paths = [company.made(client, "solutions", code=code, names={"en": code}) for code in codes]
    return Race(
        lambda: client.patch(paths[0], json={"parent": codes[1]}, headers=ANY),
        lambda: client.patch(paths[1], json={"parent": codes[0]}, headers=ANY),
        lambda: all(client.get(path).json()["parent"] is not None for path in paths),
    )


def a_child_of_something_deleted(company: Company) -> Race:
    client, code = company.allocation, company.code("PARENT")
    path = company.made(client, "solutions", code=code, names={"en": code})
    child = {"code": company.code("CHILD"), "names": {"en": "Child"}, "parent": code}
    listed = f"/v1/solutions?code={child['code']}"
    return Race(
        lambda: client.delete(path, headers=ANY),
        lambda: client.post("/v1/solutions", json=child),
        lambda: bool(client.get(listed).json()["items"]) and not company.there(client, path),
    )


def two_drafts(company: Company) -> Race:
    client = company.allocation
    Modelling(client, company.ingest).draft()
    (left,) = ok(client.get("/v1/model-versions?status=draft"))["items"]
    client.delete(f"/v1/model-versions/{left['id']}", headers=ANY)
    return Race(
        lambda: client.post("/v1/model-versions", json={}),
        lambda: client.post("/v1/model-versions", json={}),
        lambda: len(ok(client.get("/v1/model-versions?status=draft"))["items"]) != 1,
    )


def two_published_runs(company: Company) -> Race:
    client, model = company.allocation, Modelling(company.allocation, company.ingest)
    runs = [model.run("2031-01").path for _ in range(2)]
    query = {"period": "2031-01", "published": "true"}
    return Race(
        lambda: client.post(f"{runs[0]}/publish"),
        lambda: client.post(f"{runs[1]}/publish"),
        lambda: len(ok(client.get("/v1/runs", params=query))["items"]) != 1,
    )


def a_line_that_counts_twice(company: Company) -> Race:
    client, name = company.ingest, company.code("line")
    line = {"external_id": name, "source": "skew", "currency": "EUR"}

    def push(period: str, amount: str) -> Any:
        item = {**line, "period": period, "amount": amount}
        return client.post("/v1/cost-lines/bulk", json={"items": [item]})

    listed = {"source": "skew", "external_id": name}
    return Race(
        lambda: push("2031-02", "1.00"),
        lambda: push("2031-03", "2.00"),
        lambda: len(ok(client.get("/v1/cost-lines", params=listed))["items"]) != 1,
    )


def quantities_of_no_driver(company: Company) -> Race:
    client, code = company.ingest, company.code("driver")
    path = company.made(client, "drivers", code=code, names={"en": code}, unit="h")
    item = {"driver": code, "period": "2031-01", "target": "A", "quantity": "1"}
    listed = f"/v1/driver-quantities?driver={code}"
    return Race(
        lambda: client.delete(path, headers=ANY),
        lambda: client.post("/v1/driver-quantities/bulk", json={"items": [item]}),
        lambda: bool(client.get(listed).json().get("items")) and not company.there(client, path),
    )


def kpis_in_a_circle(company: Company) -> Race:
    client, codes = company.valuation, [company.code("kpi_a"), company.code("kpi_b")]
    paths = [company.made(client, "value-kpis", **a_kpi(code)) for code in codes]
    return Race(
        lambda: client.patch(paths[0], json={"formula": f"{codes[1]} * 2"}, headers=ANY),
        lambda: client.patch(paths[1], json={"formula": f"{codes[0]} * 2"}, headers=ANY),
        lambda: all(client.get(path).json()["formula"] for path in paths),
    )


def an_observation_of_nothing(company: Company) -> Race:
    client, code = company.valuation, company.code("kpi_e")
    path = company.made(client, "value-kpis", **a_kpi(code))
    item = {"kpi": code, "period": "2031-01", "value": "1"}

    def broken() -> bool:
        with connection() as looking:
            found = looking.execute(
                "select count(*) from observation o left join value_kpi k on k.id = o.kpi_id"
                " where k.id is null"
            ).fetchone()
        return found != (0,)

    return Race(
        lambda: client.delete(path, headers=ANY),
        lambda: client.post("/v1/observations/bulk", json={"items": [item]}),
        broken,
    )


def an_initiative(company: Company, name: str) -> tuple[str, str]:
    """The paths of a proposed initiative and of its only promise."""
    client, kpi = company.valuation, company.code(f"kpi_{name}")
    company.made(client, "value-kpis", **a_kpi(kpi))
    path = company.made(
        client, "initiatives", code=company.code(name), names={"en": name}, solution=None
    )
    promise = {
        "kpi": kpi, "level": "function", "baseline": "10", "target": "5",
        "due_period": "2031-06", "monetary_value": "100", "currency": "EUR",
        "benefit_kind": "cashable",
    }  # fmt: skip
    made = ok(client.post(f"{path}/value-expectations", json=promise))
    return path, f"{path}/value-expectations/{made['id']}"


def an_approval_without_a_promise(company: Company) -> Race:
    client = company.valuation
    path, promise = an_initiative(company, "promised")
    return Race(
        lambda: client.post(f"{path}/approve", json={}),
        lambda: client.delete(promise, headers=ANY),
        lambda: (
            client.get(path).json()["stage"] == "approved" and not company.there(client, promise)
        ),
    )


def two_decisions(company: Company) -> Race:
    client = company.valuation
    path, _ = an_initiative(company, "decided")
    answers: list[int] = []

    def decide(step: str) -> Any:
        answer = client.post(f"{path}/{step}", json={"reason": "decided"})
        answers.append(answer.status_code)
        return answer

    return Race(
        lambda: decide("approve"),
        lambda: decide("reject"),
        lambda: answers.count(200) == 2 and client.get(path).json()["stage"] == "approved",
    )


RACES = [
    a_circle_of_parents,
    a_child_of_something_deleted,
    two_drafts,
    two_published_runs,
    a_line_that_counts_twice,
    quantities_of_no_driver,
    kpis_in_a_circle,
    an_observation_of_nothing,
    an_approval_without_a_promise,
    two_decisions,
]


def race(two: Race) -> list[int]:
    """The statuses of both, which overlapped."""
    return [answer.status_code for answer in overlapping([two.first, two.second])]


@pytest.mark.parametrize("about", RACES, ids=lambda about: about.__name__.replace("_", " "))
def test_requests_that_would_break_a_promise_together_do_not_both_pass(
    company: Company, about: Callable[[Company], Race]
) -> None:
    company.number += 1
    two = about(company)
    statuses = race(two)
    assert not two.broken(), statuses
    assert min(statuses) < 300, statuses
    assert max(statuses) < 500, statuses


def fill(stop: threading.Event) -> int:
    """Commit small transactions, as many as make PostgreSQL forget conflicts."""
    done = 0
    with connection() as filling:
        filling.execute("create table if not exists skew_filler (id int primary key, value int)")
        filling.execute("insert into skew_filler select n, 0 from generate_series(1, 4000) n")
        filling.execute("set default_transaction_isolation = 'serializable'")
        while done < FILLERS and not stop.is_set():
            done += 1
            filling.execute("update skew_filler set value = value + 1 where id = %s", [done])
        filling.execute("drop table skew_filler")
    return done


@pytest.mark.slow
@pytest.mark.parametrize("about", RACES, ids=lambda about: about.__name__.replace("_", " "))
def test_not_even_when_a_transaction_stays_open_over_thousands_of_others(
    company: Company, about: Callable[[Company], Race]
) -> None:
    with connection() as open_one:
        open_one.execute("begin isolation level serializable")
        open_one.execute("select count(*) from api_key")
        assert fill(threading.Event()) == FILLERS
        for _ in range(10):
            company.number += 1
            two = about(company)
            statuses = race(two)
            assert not two.broken(), statuses
            assert max(statuses) < 500, statuses
        open_one.execute("rollback")
