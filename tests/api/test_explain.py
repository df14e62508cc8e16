"""Explanations: sentences in two languages, and formulas that give their figures again."""

import ast
import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.api.test_runs import a_line, ok, send_bulk
from tests.running import ServiceUnderTest, a_key

PERIOD = "2026-01"
OBJECTS: dict[str, list[dict[str, Any]]] = {
    "cost-pools": [{"code": "CLOUD"}, {"code": "STAFF"}],
    "resources": [
        {"code": "COMPUTE", "names": {"en": "Compute", "zh-CN": "计算"},
         "attributes": {"region": "GB"}},
        {"code": "DESK"}, {"code": "NET"},
    ],
    "solutions": [{"code": "ERP"}, {"code": "CRM"}, {"code": "WEB"}],
    "consumers": [{"code": "EAST"}, {"code": "WEST"}, {"code": "NORTH"}],
}  # fmt: skip
MAPPINGS = [
    {"code": "cloud", "stage": "line_to_pool", "priority": 1, "source": {"account": "cloud"},
     "method": "direct", "target": {"object": "CLOUD"}, "note": "the cloud bill"},
    {"code": "staff", "stage": "line_to_pool", "priority": 2, "source": {"account": "staff"},
     "method": "direct", "target": {"object": "STAFF"}},
    {"code": "not-it", "stage": "line_to_pool", "priority": 3, "source": {"account": "rent"},
     "method": "direct", "target": {"out_of_scope": True}},
    {"code": "named", "stage": "pool_to_resource", "priority": 1, "source": {"code": "CLOUD"},
     "method": "direct", "target": {"field": "tags.for"}, "on_zero": "next"},
    {"code": "metered", "stage": "pool_to_resource", "priority": 2, "source": {"code": "CLOUD"},
     "method": "driver", "driver": "hours", "target": {}},
    {"code": "people", "stage": "pool_to_resource", "priority": 3, "source": {"code": "STAFF"},
     "method": "even", "target": {}, "portion": "90"},
    {"code": "compute", "stage": "resource_to_solution", "priority": 1,
     "source": {"code": "COMPUTE"}, "method": "fixed",
     "target": {"shares": {"ERP": "75", "CRM": "25"}}},
    {"code": "desk", "stage": "resource_to_consumer", "priority": 2, "source": {"code": "DESK"},
     "method": "driver", "driver": "seats", "target": {}},
    {"code": "net", "stage": "resource_to_solution", "priority": 3, "source": {"code": "NET"},
     "method": "driver", "driver": "ports", "target": {}, "on_zero": "even"},
    {"code": "use", "stage": "solution_to_consumer", "priority": 1, "source": {},
     "method": "driver", "driver": "users", "target": {}, "portion": "99.9"},
]  # fmt: skip
LINES = [
    {"amount": "8000.01", "account": "cloud", "tags": {"team": "a"}},
    {"amount": "33.33", "account": "cloud", "tags": {"team": "b", "for": "NET"}},
    {"amount": "-17.00", "account": "cloud"},
    {"amount": "500", "account": "staff"},
    {"amount": "20.00", "account": "cloud", "currency": "USD"},
    {"amount": "30.00", "account": "rent"},
    {"amount": "7.00", "account": "stationery"},
]
QUANTITIES = [
    ("hours", None, "COMPUTE", "120"), ("hours", None, "DESK", "279.5"),
    ("hours", None, "NET", "1"),
    ("seats", None, "EAST", "2"), ("seats", None, "WEST", "1"), ("seats", None, "NOWHERE", "1"),
    ("users", None, "EAST", "7"), ("users", None, "WEST", "4"), ("users", "ERP", "NORTH", "3"),
    ("users", "ERP", "EAST", "1"), ("meter", None, "COMPUTE", "70.5"),
]  # fmt: skip


@pytest.fixture(scope="module")
def run(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> dict[str, Any]:
    for collection, members in OBJECTS.items():
        named = [{"names": {"en": one["code"]}, **one} for one in members]
        send_bulk(allocation, collection, named)
    send_bulk(allocation, "mappings", MAPPINGS)
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    send_bulk(ingest, "cost-lines", [a_line(place, **line) for place, line in enumerate(LINES)])
    drivers = [
        {"code": code, "names": {"en": code}} for code in ("hours", "seats", "users", "ports")
    ]
    meter = {"code": "meter", "names": {"en": "meter"}, "measure": "kwh"}
    send_bulk(ingest, "drivers", [*drivers, meter])
    send_bulk(
        ingest,
        "driver-quantities",
        [
            {"driver": d, "period": PERIOD, "source": s, "target": t, "quantity": q}
            for d, s, t, q in QUANTITIES
        ],
    )
    rate = {"period": PERIOD, "from": "USD", "to": "EUR", "kind": "average", "rate": "0.923456"}
    send_bulk(ingest, "exchange-rates", [rate])
    factor = {"code": "gb", "region": "GB", "basis": "location", "valid_from": "2026-01"}
    factors = [
        factor | {"scope": "2", "kg_per_kwh": "0.177"},
        factor | {"scope": "3", "kg_per_kwh": "0.02"},
    ]
    send_bulk(allocation, "emission-factors", factors)
    asked = {"period": PERIOD, "currency": "EUR", "measures": ["kwh", "co2e_operational"]}
    made = ok(allocation.post("/v1/runs", json=asked), 202)
    allocation.run_jobs()
    found: dict[str, Any] = ok(allocation.get(f"/v1/runs/{made['id']}"))
    assert found["status"] == "succeeded", found["problem"]
    return found


def explain(
    allocation: ServiceUnderTest, run: dict[str, Any], language: str = "en", **query: str
) -> dict[str, Any]:
    headers = {"Accept-Language": language}
    found: dict[str, Any] = ok(
        allocation.get(f"/v1/runs/{run['id']}/explain", params=query, headers=headers)
    )
    return found


OPERATORS: dict[type, Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


def computed(formula: dict[str, Any]) -> Fraction:
    """What a formula gives, by the arithmetic of fractions and its own inputs."""
    values = {one["name"]: Fraction(one["value"]) for one in formula["inputs"]}

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            result: Fraction = OPERATORS[type(node.op)](value(node.left), value(node.right))
            return result
        if isinstance(node, ast.Name):
            return values[node.id]
        assert isinstance(node, ast.Constant)
        return Fraction(node.value)

    _, _, expression = formula["text"].partition(" = ")
    return value(ast.parse(expression, mode="eval").body)


EVERY_OBJECT = [
    (layer.removeprefix("cost-").removesuffix("s"), one["code"])
    for layer, members in OBJECTS.items()
    for one in members
]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("measure", ["cost", "kwh", "co2e_operational"])
def test_every_formula_gives_its_figure_again(
    allocation: ServiceUnderTest, run: dict[str, Any], measure: str, language: str
) -> None:
    seen = 0
    for layer, code in EVERY_OBJECT:
        found = explain(allocation, run, language, layer=layer, code=code, measure=measure)
        assert found["formulas"]
        for formula in found["formulas"]:
            missed = abs(computed(formula) - Fraction(formula["value"]))
            assert missed <= Fraction(formula["tolerance"]), formula
            assert Fraction(formula["tolerance"]) <= Fraction(5, 10**6), formula
            seen += 1
    assert seen > 30


def test_every_address_of_a_formula_answers(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    addresses = {run["id"]}
    queries: list[dict[str, str]] = [{"layer": layer, "code": code} for layer, code in EVERY_OBJECT]
    queries += [{"layer": "line"}]
    queries += [{"layer": "resource", "code": "COMPUTE", "measure": "co2e_operational"}]
    for query in queries:
        for formula in explain(allocation, run, **query)["formulas"]:
            addresses |= {formula["href"], *(one["href"] for one in formula["inputs"])}
    addresses.remove(run["id"])
    for address in sorted(addresses):
        ok(allocation.get(address))
    assert len(addresses) > 40


def the(found: dict[str, Any], begin: str) -> str:
    (sentence,) = [one for one in found["sentences"] if one.startswith(begin)]
    return str(sentence)


def test_a_driver_is_explained_with_its_quantities(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    found = explain(allocation, run, layer="resource", code="COMPUTE")
    assert found["object"]["name"] == "Compute"
    sentence = the(found, "2,")
    assert "came from CLOUD by mapping metered (priority 2)" in sentence
    assert "120 of 400.5 hours = 29.9625 % of 8,001.47912 EUR" in sentence
    quantities = [
        one
        for formula in found["formulas"]
        for one in formula["inputs"]
        if "quantity" in one["name"]
    ]
    (item,) = ok(allocation.get(quantities[0]["href"]))["items"]
    assert (item["target"], item["quantity"]) == ("COMPUTE", "120")


def test_shares_portions_and_even_parts_are_explained(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    desk = explain(allocation, run, layer="resource", code="DESK")
    assert the(desk, "150.00 EUR came from STAFF").endswith(
        "one of 3 equal parts of 450.00 EUR;"
        " the mapping takes 90 % of the 500.00 EUR that those before it had left."
    )
    erp = explain(allocation, run, layer="solution", code="ERP")
    assert any("a given share of 75 % of" in one for one in erp["sentences"])
    web = explain(allocation, run, layer="solution", code="WEB")
    assert any("because ports has no quantities" in one for one in web["sentences"])


def test_a_source_with_quantities_of_its_own_is_told_by_them(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    found = explain(allocation, run, layer="consumer", code="NORTH")
    assert any("3 of 4 users = 75 %" in one for one in found["sentences"])
    totals = [
        one for formula in found["formulas"] for one in formula["inputs"] if "total" in one["name"]
    ]
    items = ok(allocation.get(totals[0]["href"]))["items"]
    assert sum(Decimal(one["quantity"]) for one in items) == 4


def test_a_pool_says_which_mappings_caught_its_lines(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    found = explain(allocation, run, layer="pool", code="CLOUD")
    assert "Mapping cloud (the cloud bill) caught 3 lines of 8,016.34 EUR." in found["sentences"]
    assert the(found, "Mapping cloud (the cloud bill) caught 1").endswith(
        "line of 20.00 USD, at a rate of 0.923456 = 18.46912 EUR."
    )
    assert "Mapping metered passed 8,001.47912 EUR on to 3 objects." in found["sentences"]


def test_what_stays_says_why(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    staff = explain(allocation, run, layer="pool", code="STAFF")
    assert "50.00 EUR stays unallocated: no mapping takes it." in staff["sentences"]
    desk = explain(allocation, run, layer="resource", code="DESK")
    assert any("by mapping desk: no layer has the code NOWHERE" in one for one in desk["sentences"])


def test_the_layer_of_lines_tells_what_became_of_all(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    found = explain(allocation, run, layer="line")
    assert "Mapping not-it left 1 line of 30.00 EUR out of scope." in found["sentences"]
    assert "1 line of 7.00 EUR found no pool: no mapping takes it." in found["sentences"]
    assert found["amount"] == run["totals"]["cost"]["input"]
    for formula in found["formulas"]:
        assert computed(formula) == Fraction(formula["value"])


def test_carbon_is_explained_by_energy_and_factors(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    query = {"layer": "resource", "code": "COMPUTE", "measure": "co2e_operational"}
    found = explain(allocation, run, **query)
    assert the(found, "Its own").startswith("Its own amount is 70.5 kWh at 0.177 + 0.02 kgCO2e")
    assert found["amount"] == "13.8885"
    assert "own = kwh * ( factor_01 + factor_02 )" in [one["text"] for one in found["formulas"]]
    (item,) = ok(allocation.get(f"/v1/runs/{run['id']}/emissions"))["items"]
    assert (item["kwh"], item["kg"]) == ("70.5", "13.8885")


def test_it_is_told_in_chinese(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    found = explain(allocation, run, "zh-CN", layer="resource", code="COMPUTE")
    assert found["object"]["name"] == "计算"
    assert found["sentences"][0].startswith("计算（资源）在 2026-01 收到")
    assert "金额 = 自有 + 收到" in [one["text"] for one in found["formulas"]]


def test_a_bound_caller_hears_of_its_own_consumer_and_of_no_total(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    path = f"/v1/runs/{run['id']}/explain"
    bound = allocation.as_caller(a_key(["allocation:read"], ["EAST"]))
    found = ok(allocation.get(path, params={"layer": "consumer", "code": "EAST"}, headers=bound))
    assert [one["text"].partition(" ")[0] for one in found["formulas"]] == [
        "amount",
        "received",
        "amount",
    ]
    assert not any(
        "%" in one or " of " in one.partition("had")[0] for one in found["sentences"][1:]
    )
    for formula in found["formulas"]:
        ok(allocation.get(formula["href"], headers=bound))
    for layer, code in (("consumer", "WEST"), ("resource", "DESK")):
        query = {"layer": layer, "code": code}
        assert allocation.get(path, params=query, headers=bound).status_code == 404
    for hidden in ("explain?layer=line", "driver-quantities?driver=seats", "own-amounts"):
        answer = allocation.get(f"/v1/runs/{run['id']}/{hidden}", headers=bound)
        assert answer.status_code == 403


def test_unknown_objects_are_said_to_be_so(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    path = f"/v1/runs/{run['id']}/explain"
    assert allocation.get(path, params={"layer": "pool", "code": "NO"}).status_code == 404
    assert allocation.get(path, params={"layer": "pool"}).json()["code"] == "missing_value"
    quantities = f"/v1/runs/{run['id']}/driver-quantities"
    assert allocation.get(quantities, params={"driver": "no"}).status_code == 404
