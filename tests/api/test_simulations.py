"""What if, over HTTP: a simulation says what a run with that change then says."""

from decimal import Decimal
from typing import Any

import pytest

from tests.modelling import Figures, Modelling, by_driver, direct, ok
from tests.running import ServiceUnderTest, a_key

PERIOD, NEXT = "2026-01", "2026-02"
POOLS = [
    direct("cloud", "line_to_pool", "CLOUD", priority=1, source={"account": "cloud"}),
    direct("licence", "line_to_pool", "LICENCE", priority=2, source={"account": "licence"}),
]
MAPPINGS = [
    *POOLS,
    by_driver("compute", "pool_to_resource", "cores", {}, source={"under": "IT"}),
    by_driver("apps", "resource_to_solution", "hours", {}),
    by_driver("seats", "solution_to_consumer", "seats", {}),
]
LINES: list[dict[str, Any]] = [
    {"amount": "100.00", "account": "cloud", "tags": {"team": "a"}},
    {"amount": "20.01", "account": "cloud", "tags": {"team": "b"}},
    {"amount": "60.00", "account": "licence"},
    {"amount": "7.00", "account": "other"},
]
QUANTITIES = {
    "cores": {"R1": "3", "R2": "1", "GONE": "1"},
    "hours": {"S1": "1", "S2": "1", "S3": "2"},
    "seats": {"EAST": "2", "WEST": "1"},
}


@pytest.fixture(scope="module")
def model(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    made = Modelling(allocation, ingest)
    made.objects("pool", "IT")
    made.objects("pool", "CLOUD", "LICENCE", parent="IT")
    made.objects("pool", "EMPTY")
    made.objects("resource", "R1", "R2")
    made.objects("solution", "S1", "S2", "S3")
    made.objects("consumer", "EAST", "WEST")
    for driver in QUANTITIES:
        made.driver(driver)
    made.publish_model(MAPPINGS, {})
    for period in (PERIOD, NEXT):
        made.lines(period, LINES)
        for driver, quantities in QUANTITIES.items():
            made.quantities(driver, period, quantities)
    return made


@pytest.fixture(scope="module")
def run(model: Modelling) -> Figures:
    return model.run(PERIOD)


def simulated(run: Figures, *changes: dict[str, Any], **fields: Any) -> Any:
    body = {"run": run.run["id"], "changes": list(changes), **fields}
    return ok(run.allocation.post("/v1/simulations", json=body))


def refused(run: Figures, *changes: dict[str, Any], **fields: Any) -> tuple[int, str, str]:
    body = {"run": run.run["id"], "changes": list(changes), **fields}
    answer = run.allocation.post("/v1/simulations", json=body)
    problem = answer.json()
    return answer.status_code, problem["code"], problem["errors"][0]["pointer"]


def holdings(run: Figures) -> dict[tuple[str, str], Decimal]:
    return {
        (one["layer"], one["code"]): Decimal(one["own"]) + Decimal(one["received"])
        for one in run.items("balances")
        if one["code"] is not None
    }


def expect(simulation: Any, before: Figures, after: Figures) -> None:
    """The simulation names every object that differs between two runs, and nothing else."""
    was, is_now = holdings(before), holdings(after)
    differ = {key: (was[key], is_now[key]) for key in was if was[key] != is_now[key]}
    found = {
        (one["layer"], one["code"]): (Decimal(one["before"]), Decimal(one["after"]))
        for one in simulation["items"]
    }
    assert found == differ
    assert differ
    assert simulation["changed"] == len(differ)
    for name in ("input", "consumers", "retained", "unallocated"):
        total = simulation["totals"]["cost"][name]
        assert Decimal(total["before"]) == before.total(name), name
        assert Decimal(total["after"]) == after.total(name), name
        assert Decimal(total["delta"]) == Decimal(total["after"]) - Decimal(total["before"])


def test_a_changed_driver_is_what_a_run_with_those_quantities_says(
    model: Modelling, run: Figures
) -> None:
    simulation = simulated(
        run,
        {"driver": "cores", "target": "R2", "factor": "2.5"},
        {"driver": "cores", "target": "GONE", "quantity": "0"},
        {"driver": "hours", "target": "S3", "quantity": "0.75"},
    )
    model.quantities("cores", NEXT, {"R2": "2.5", "GONE": "0"})
    model.quantities("hours", NEXT, {"S3": "0.75"})
    expect(simulation, run, model.run(NEXT))
    sizes = [abs(Decimal(one["delta"])) for one in simulation["items"]]
    assert sizes == sorted(sizes, reverse=True)
    model.quantities("cores", NEXT, QUANTITIES["cores"])
    model.quantities("hours", NEXT, QUANTITIES["hours"])


def test_changed_mappings_are_what_a_run_of_that_model_says(model: Modelling, run: Figures) -> None:
    by_team = {
        "code": "team-b",
        "stage": "pool_to_consumer",
        "priority": 5,
        "method": "direct",
        "portion": "50",
        "source": {"tags.team": "b"},
        "target": {"object": "WEST"},
    }
    even = {"code": "apps", "stage": "resource_to_solution", "method": "even", "target": {}}
    simulation = simulated(
        run, {"mapping": by_team}, {"mapping": even}, {"disable_mapping": "licence"}
    )
    kept = [one for one in MAPPINGS if one["code"] not in {"apps", "licence"}]
    model.publish_model([*kept, by_team, even], {})
    expect(simulation, run, model.run(PERIOD))
    model.publish_model(MAPPINGS, {})


def test_a_pool_can_cost_more_or_a_given_amount(run: Figures) -> None:
    more = simulated(run, {"pool": "CLOUD", "factor": "1.1"}, layer="pool")
    assert [(one["code"], one["delta"]) for one in more["items"]] == [("CLOUD", "12.001")]
    assert more["totals"]["cost"]["input"] == {
        "before": "187.01",
        "after": "199.011",
        "delta": "12.001",
    }
    given = simulated(run, {"pool": "IT", "amount": "90"})
    by_code = {one["code"]: one for one in given["items"]}
    parts = [Decimal(by_code[code]["after"]) for code in ("CLOUD", "LICENCE")]
    assert sum(parts) == 90
    assert abs(parts[0] - 90 * Decimal("120.01") / Decimal("180.01")) < Decimal("0.000001")
    fresh = simulated(run, {"pool": "EMPTY", "amount": "5.5"}, layer="pool")
    assert [(one["code"], one["before"], one["after"]) for one in fresh["items"]] == [
        ("EMPTY", "0", "5.5")
    ]


def test_a_limit_cuts_the_list_and_not_the_count(run: Figures) -> None:
    whole = simulated(run, {"pool": "CLOUD", "factor": "2"})
    cut = simulated(run, {"pool": "CLOUD", "factor": "2"}, limit=2)
    assert cut["items"] == whole["items"][:2]
    assert cut["changed"] == whole["changed"] == len(whole["items"])
    assert cut["totals"] == whole["totals"]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"driver": "nothing", "factor": "2"}, "unknown_code", "/changes/0/driver"),
        (
            {"driver": "cores", "target": "NOBODY", "factor": "2"},
            "unknown_code",
            "/changes/0/target",
        ),
        (
            {"driver": "cores", "source": "NOBODY", "factor": "2"},
            "unknown_code",
            "/changes/0/source",
        ),
        ({"driver": "cores", "target": "S1", "factor": "2"}, "no_quantity", "/changes/0/factor"),
        ({"pool": "R1", "factor": "2"}, "unknown_code", "/changes/0/pool"),
        ({"disable_mapping": "cluod"}, "unknown_code", "/changes/0/disable_mapping"),
        (
            {"mapping": direct("m", "pool_to_resource", "R9")},
            "unknown_code",
            "/changes/0/mapping/target/object",
        ),
        (
            {"mapping": direct("m", "pool_to_resource", "R1", portion="101")},
            "bad_portion",
            "/changes/0/mapping/portion",
        ),
        ({"driver": "cores", "factor": "2", "quantity": "1"}, "invalid", "/changes/0"),
        ({"driver": "cores", "target": "R1"}, "invalid", "/changes/0"),
        ({"pool": "CLOUD", "target": "R1", "factor": "1"}, "invalid", "/changes/0"),
        ({"pool": "CLOUD", "disable_mapping": "m", "factor": "1"}, "invalid", "/changes/0"),
        ({"pool": "CLOUD", "factor": "-1"}, "invalid", "/changes/0/factor"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    run: Figures, change: dict[str, Any], code: str, pointer: str
) -> None:
    assert refused(run, change) == (422, code, pointer)


def test_a_run_that_is_not_there_or_has_no_such_measure_is_refused(run: Figures) -> None:
    change = {"pool": "CLOUD", "factor": "2"}
    assert refused(run, change, measure="kwh")[1] == "measure_not_in_run"
    strange = {"run": "01890a5d-ac96-774b-bcce-b302099a8057", "changes": [change]}
    answer = run.allocation.post("/v1/simulations", json=strange)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/run")


def test_nothing_is_kept_and_no_key_remembered_unless_asked(run: Figures) -> None:
    body = {"run": run.run["id"], "changes": [{"pool": "CLOUD", "factor": "2"}]}
    again = run.allocation.post("/v1/simulations", json=body, headers={"Idempotency-Key": "k1"})
    body["limit"] = 1
    other = run.allocation.post("/v1/simulations", json=body, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, other.status_code) == (200, 200)
    assert again.json()["id"] is None
    listed = ok(run.allocation.get("/v1/simulations", params={"run": run.run["id"]}))
    assert listed["items"] == []


def test_a_kept_simulation_can_be_read_again(run: Figures) -> None:
    body = {
        "run": run.run["id"],
        "changes": [{"pool": "CLOUD", "factor": "2"}],
        "keep": True,
        "name": "cloud doubles",
    }
    headers = {"Idempotency-Key": "k2"}
    made = run.allocation.post("/v1/simulations", json=body, headers=headers)
    assert made.status_code == 200
    replayed = run.allocation.post("/v1/simulations", json=body, headers=headers)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert replayed.json() == made.json()
    path = f"/v1/simulations/{made.json()['id']}"
    assert made.headers["Location"] == path
    read = run.allocation.get(path)
    assert read.json() == made.json()
    assert read.headers["ETag"] == made.headers["ETag"]
    (listed,) = ok(run.allocation.get("/v1/simulations", params={"name": "cloud doubles"}))["items"]
    assert (listed["id"], listed["changes"]) == (made.json()["id"], body["changes"])


def test_who_is_bound_or_may_not_write_is_kept_out(run: Figures) -> None:
    body = {"run": run.run["id"], "changes": [{"pool": "CLOUD", "factor": "2"}]}
    bound = {"Authorization": f"Bearer {a_key(['allocation:read'], ['EAST'])}"}
    assert run.allocation.post("/v1/simulations", json=body, headers=bound).status_code == 403
    assert run.allocation.get("/v1/simulations", headers=bound).status_code == 403
    reader = {"Authorization": f"Bearer {a_key(['allocation:read'])}"}
    assert run.allocation.post("/v1/simulations", json=body, headers=reader).status_code == 200
    body["keep"] = True
    assert run.allocation.post("/v1/simulations", json=body, headers=reader).status_code == 403


def sensitivity(run: Figures, **query: Any) -> Any:
    return run.ask("sensitivity", **{"layer": "consumer", "code": "EAST", **query})


def test_what_moves_a_bill_most_is_what_simulations_of_each_cause_say(run: Figures) -> None:
    found = sensitivity(run, change="0.1", limit=50)
    assert found["amount"] == str(run.holding("consumer", "EAST").normalize())
    causes = {(one["driver"], one["target"], one["pool"]) for one in found["items"]}
    assert {
        ("seats", "EAST", None),
        ("seats", "WEST", None),
        ("cores", "R1", None),
        ("cores", "R2", None),
        (None, None, "CLOUD"),
        (None, None, "LICENCE"),
    } == causes
    for item in found["items"]:
        change = {name: item[name] for name in ("driver", "target", "pool") if item[name]}
        simulation = simulated(run, {**change, "factor": "1.1"}, layer="consumer")
        (east,) = [one for one in simulation["items"] if one["code"] == "EAST"]
        assert (item["before"], item["after"], item["delta"]) == (
            east["before"],
            east["after"],
            east["delta"],
        )
    sizes = [abs(Decimal(one["delta"])) for one in found["items"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sensitivity(run, change="0.1", limit=2)["items"] == found["items"][:2]


def test_a_sensitivity_says_how_well_founded_and_how_elastic(run: Figures) -> None:
    items = sensitivity(run)["items"]
    cloud = next(one for one in items if one["pool"] == "CLOUD")
    assert (cloud["name"], cloud["basis"], cloud["elasticity"][:7]) == ("CLOUD", None, "0.66668")
    seats = next(one for one in items if one["target"] == "EAST")
    assert (seats["driver"], seats["basis"]) == ("seats", "measured")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"code": "NOBODY"}, 404),
        ({"change": "0"}, 422),
        ({"change": "x"}, 422),
        ({"limit": 0}, 422),
    ],
)
def test_a_sensitivity_that_cannot_be_is_refused(
    run: Figures, query: dict[str, Any], status: int
) -> None:
    asked = {"layer": "consumer", "code": "EAST", **query}
    assert run.allocation.get(f"{run.path}/sensitivity", params=asked).status_code == status
