"""Time and governance over HTTP: what is valid when, restatements, scenarios, replays."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from shared.settings import get_settings
from tests.modelling import Figures, Json, Modelling, by_driver, direct, ok
from tests.running import ServiceUnderTest, a_key

ANYTHING = {"If-Match": "*"}


@pytest.fixture(scope="module")
def modelling(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    """A pool and two consumers whose shares change from February on."""
    made = Modelling(allocation, ingest)
    made.objects("pool", "IT")
    made.objects("consumer", "GROUP")
    made.objects("consumer", "EAST", "WEST", parent="GROUP")
    made.objects("consumer", "CLOSED", valid_to="2026-01")
    made.driver("seats")
    made.publish_model(MAPPINGS, {})
    return made


MAPPINGS: list[Json] = [
    direct("in", "line_to_pool", "IT"),
    direct("first", "pool_to_consumer", "WEST", valid_to="2026-01", portion="40"),
    direct("later", "pool_to_consumer", "EAST", valid_from="2026-02", portion="40"),
    by_driver("seats", "pool_to_consumer", "seats", {"code": ["EAST", "WEST"]}, priority=200),
]


def month(modelling: Modelling, period: str, amount: str = "1000", east: str = "3") -> None:
    """Lines and seats of a month."""
    modelling.lines(period, [{"amount": amount}])
    modelling.quantities("seats", period, {"EAST": east, "WEST": "1"})


def bills(figures: Figures) -> dict[str, Decimal]:
    items = figures.items("balances", layer="consumer")
    return {one["code"]: Decimal(one["retained"]) for one in items if one["retained"] != "0"}


def test_a_mapping_holds_in_its_periods_only(modelling: Modelling) -> None:
    for period in ("2026-01", "2026-02"):
        month(modelling, period)
    january, february = modelling.run("2026-01"), modelling.run("2026-02")
    assert bills(january) == {"WEST": 400 + 150, "EAST": 450}
    assert bills(february) == {"WEST": 150, "EAST": 400 + 450}


def test_an_object_takes_part_in_its_periods_only(modelling: Modelling) -> None:
    for period in ("2026-01", "2026-02"):
        month(modelling, period)
        codes = [one["code"] for one in modelling.run(period).items("balances", layer="consumer")]
        assert ("CLOSED" in codes) == (period == "2026-01")


def test_a_restatement_stands_beside_the_old_run(
    modelling: Modelling, allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    period = "2026-03"
    month(modelling, period)
    old = modelling.run(period, publish=True)
    before = bills(old)
    ok(allocation.post(f"/v1/periods/{period}/close"))
    late = {"external_id": "late", "source": "ledger", "period": period, "amount": "100",
            "currency": "EUR"}  # fmt: skip
    refused = ingest.post("/v1/cost-lines/bulk?atomic=true", json={"items": [late]})
    assert refused.json()["errors"][0]["code"] == "closed_period"
    path = "/v1/cost-lines/bulk?atomic=true&restate=late%20invoice"
    ok(ingest.post(path, json={"items": [late]}))
    assert ok(allocation.get(old.path))["stale"] is True
    new = modelling.run(period, reason="late invoice")
    assert new.total("input") == 1100
    assert bills(old) == before
    assert published(allocation, period) == [old.run["id"]]
    ok(allocation.post(f"{new.path}/publish"))
    assert published(allocation, period) == [new.run["id"]]
    everything = ok(allocation.get("/v1/runs", params={"period": period}))["items"]
    assert {one["id"] for one in everything} == {old.run["id"], new.run["id"]}
    view = ok(allocation.get("/v1/views/consumers", params={"period": period}))
    assert view["runs"] == [new.run["id"]]
    assert Decimal(view["total"]) == 1100
    query = {"resource_id": new.run["id"], "action": "create"}
    (event,) = ok(allocation.get("/v1/audit-events", params=query))["items"]
    assert event["details"]["reason"] == "late invoice"


def published(allocation: ServiceUnderTest, period: str) -> list[str]:
    found = ok(allocation.get("/v1/runs", params={"period": period, "published": True}))
    return [one["id"] for one in found["items"]]


def test_budget_and_forecast_go_through_the_same_model(
    modelling: Modelling, allocation: ServiceUnderTest
) -> None:
    period = "2026-04"
    month(modelling, period)
    for scenario, amount in (("budget", "800"), ("forecast", "1200")):
        modelling.lines(period, [{"amount": amount}], scenario=scenario)
    modelling.quantities("seats", period, {"EAST": "1", "WEST": "1"}, scenario="forecast")
    runs = {
        scenario: modelling.run(period, scenario=scenario, publish=True)
        for scenario in ("actual", "budget", "forecast")
    }
    assert bills(runs["actual"]) == {"WEST": 150, "EAST": 850}
    assert bills(runs["budget"]) == {"WEST": 120, "EAST": 680}, "actual seats: no budgeted ones"
    assert bills(runs["forecast"]) == {"WEST": 360, "EAST": 840}, "seats of its own"
    assert len(set(published(allocation, period))) == 3
    items = ok(allocation.get("/v1/views/consumers", params={"period": period}))["items"]
    found = {one["code"]: (one["amount"], one["budget"], one["variance"]) for one in items}
    assert found["WEST"] == ("150", "120", "30")
    assert found["EAST"] == ("850", "680", "170")


def test_a_retired_model_still_gives_its_own_result(
    modelling: Modelling, allocation: ServiceUnderTest
) -> None:
    period = "2026-05"
    month(modelling, period)
    before = modelling.run(period)
    modelling.publish_model([MAPPINGS[0], direct("all", "pool_to_consumer", "WEST")], {})
    assert ok(allocation.get(before.path))["stale"] is True
    assert bills(modelling.run(period)) == {"WEST": 1000}
    again = modelling.run(period, model_version=before.run["model_version"])
    assert again.run["output_hash"] == before.run["output_hash"]
    modelling.publish_model(MAPPINGS, {})


def test_a_replay_knows_the_tree_the_drivers_and_the_rates_of_its_run(
    modelling: Modelling, allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    period = "2026-06"
    month(modelling, period)
    modelling.lines(period, [{"amount": "100", "currency": "USD", "external_id": "dollars"}])
    rate = {"period": period, "from": "USD", "to": "EUR", "kind": "average", "rate": "0.9"}
    ok(ingest.post("/v1/exchange-rates/bulk", json={"items": [rate]}))
    old = modelling.run(period)
    month(modelling, period, amount="7", east="0")
    ok(ingest.post("/v1/exchange-rates/bulk", json={"items": [{**rate, "rate": "2"}]}))
    (west,) = ok(allocation.get("/v1/consumers", params={"code": "WEST"}))["items"]
    path = f"/v1/consumers/{west['id']}"
    ok(allocation.patch(path, json={"parent": None, "owner": "else"}, headers=ANYTHING))
    fresh = modelling.run(period)
    replayed = modelling.run(period, as_of=old.run["id"])
    assert fresh.total("input") == 207
    for name in ("fingerprint", "output_hash", "totals"):
        assert replayed.run[name] == old.run[name]
    assert bills(replayed) == bills(old)
    group = {"layer": "consumer", "rollup": True}
    rolled = {one["code"]: one["received"] for one in replayed.items("balances", **group)}
    assert Decimal(rolled["GROUP"]) == 1090
    ok(allocation.patch(path, json={"parent": "GROUP", "owner": None}, headers=ANYTHING))


@pytest.fixture
def _four_eyes() -> Iterator[None]:
    settings = get_settings()
    settings.four_eyes = True
    yield
    settings.four_eyes = False


@pytest.mark.usefixtures("_four_eyes")
def test_a_draft_is_seen_reviewed_approved_and_published_by_two_people(
    modelling: Modelling, allocation: ServiceUnderTest
) -> None:
    base = ok(allocation.get("/v1/model-versions?status=published"))["items"][0]
    change = direct("first", "pool_to_consumer", "EAST", portion="10")
    ok(allocation.post("/v1/mappings/bulk?atomic=true", json={"items": [change]}))
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    path = f"/v1/model-versions/{draft['id']}"
    (changed,) = ok(allocation.get(f"{path}/diff", params={"base": base["id"]}))["changed"]
    assert changed["code"] == "first"
    assert set(changed["fields"]) == {"target", "portion", "valid_to"}
    ok(allocation.post(f"{path}/submit"))
    own = allocation.post(f"{path}/approve")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    other = allocation.as_caller(a_key(["allocation:approve", "allocation:read"]))
    ok(allocation.post(f"{path}/reject", headers=other))
    back = allocation.post(f"{path}/publish", headers=other)
    assert (back.status_code, back.json()["code"]) == (409, "wrong_state")
    ok(allocation.post(f"{path}/submit"))
    ok(allocation.post(f"{path}/approve", headers=other))
    done = ok(allocation.post(f"{path}/publish"))
    assert (done["status"], done["approved_by"]) == ("published", "tester")
    former = ok(allocation.get(f"/v1/model-versions/{base['id']}"))
    assert former["status"] == "retired"
    assert former["retired_at"]
    events = ok(allocation.get("/v1/audit-events", params={"resource_id": draft["id"]}))["items"]
    steps = [(one["action"], one["subject"]) for one in events if one["action"] != "create"]
    assert steps[-5:] == [
        ("submit", "admin"),
        ("reject", "tester"),
        ("submit", "admin"),
        ("approve", "tester"),
        ("publish", "admin"),
    ]


def test_what_was_reviewed_is_what_is_published(
    modelling: Modelling, allocation: ServiceUnderTest
) -> None:
    draft: dict[str, Any] = modelling.draft("published")
    path = f"/v1/model-versions/{draft['id']}"
    ok(allocation.post(f"{path}/submit"))
    put = {"items": [direct("sneaked in", "pool_to_consumer", "WEST")]}
    for answer in (
        allocation.post("/v1/mappings/bulk", json=put),
        allocation.patch(path, json={"stages": {}}, headers=ANYTHING),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "version_frozen")
    ok(allocation.post(f"{path}/publish"))
