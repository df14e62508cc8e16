"""Money through all layers, rounding to the last unit, and an economy as a reciprocal stage."""

import json
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.modelling import Json, Modelling, by_driver, direct, ok
from tests.running import ServiceUnderTest

CASES = json.loads((Path(__file__).parent / "cases.json").read_text())
CENT = Decimal("0.01")
UNIT = Decimal("0.000001")
LAYERS = ("pool", "resource", "solution", "consumer")


@pytest.fixture(scope="module")
def modelling(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    return Modelling(allocation, ingest)


def cases(method: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in CASES if case["method"] == method]


def names_in(weights: Json) -> list[str]:
    return sorted({target for row in weights.values() for target in row})


@pytest.mark.parametrize("metered", [False, True], ids=["drivers", "one metered driver"])
@pytest.mark.parametrize("case", cases("multi_layer"))
def test_every_layer_holds_its_exact_part(modelling: Modelling, case: Json, metered: bool) -> None:
    period = "2040-02" if metered else "2040-01"
    inputs = case["inputs"]
    valid = {"valid_from": period, "valid_to": period}
    modelling.objects("pool", *(f"{period}/{name}" for name in inputs["pools"]), **valid)
    mappings = [
        {
            "code": "lines",
            "stage": "line_to_pool",
            "method": "direct",
            "target": {
                "field": "tags.pool",
                "aliases": {name: f"{period}/{name}" for name in inputs["pools"]},
            },
        }
    ]
    modelling.lines(
        period,
        [{"amount": cost, "tags": {"pool": name}} for name, cost in inputs["pools"].items()],
    )
    if metered:
        modelling.driver(f"{period}/meter")
    for before, layer in pairwise(LAYERS):
        weights = inputs["weights"][layer]
        modelling.objects(layer, *(f"{period}/{name}" for name in names_in(weights)), **valid)
        stage = f"{before}_to_{layer}"
        if metered:
            mappings.append(by_driver(stage, stage, f"{period}/meter", {}))
        for source, row in weights.items():
            sent = {f"{period}/{target}": weight for target, weight in row.items()}
            driver = f"{period}/meter" if metered else f"{period}/{layer}/{source}"
            if metered:
                modelling.quantities(driver, period, sent, f"{period}/{source}")
                continue
            modelling.driver(driver)
            modelling.quantities(driver, period, sent)
            code = f"{period}/{source}"
            mappings.append(by_driver(driver, stage, driver, {}, source={"code": code}))
    modelling.publish_model(mappings, {})
    figures = modelling.run(period)
    for layer, amounts in case["expected"]["totals"].items():
        for name, amount in amounts.items():
            found = figures.holding(layer, f"{period}/{name}")
            assert abs(found - Decimal(amount)) < 5 * UNIT
    assert figures.total("consumers") == figures.total("input")
    assert figures.total("input") == sum(map(Decimal, inputs["pools"].values()))


@pytest.mark.parametrize("minor", ["0.000001", "0.01"])
@pytest.mark.parametrize("case", cases("largest_remainder"))
def test_the_last_units_go_to_the_largest_remainders(
    modelling: Modelling, allocation: ServiceUnderTest, case: Json, minor: str
) -> None:
    period = "2041-01" if minor == "0.01" else "2041-02"
    weights = case["inputs"]["weights"]
    consumers = {f"{period}/{place}": weight for place, weight in enumerate(weights)}
    modelling.objects("pool", f"{period}/seats")
    modelling.objects("consumer", *consumers, valid_from=period, valid_to=period)
    modelling.driver(f"{period}/votes")
    modelling.quantities(f"{period}/votes", period, consumers)
    amount = Decimal(minor) * case["inputs"]["total_minor_units"]
    modelling.lines(period, [{"amount": format(amount, "f")}])
    mappings = [
        direct("in", "line_to_pool", f"{period}/seats"),
        by_driver("votes", "pool_to_consumer", f"{period}/votes", {}),
    ]
    modelling.publish_model(mappings, {})
    figures = modelling.run(period, publish=True)
    if minor == "0.000001":
        bills = [figures.holding("consumer", code) for code in consumers]
    else:
        bills = statement_amounts(allocation, period, list(consumers))
    assert [bill / Decimal(minor) for bill in bills] == case["expected"]["parts"]
    assert figures.total("consumers") == amount


def statement_amounts(
    allocation: ServiceUnderTest, period: str, consumers: list[str]
) -> list[Decimal]:
    """The bills of a period in the currency's minor units, as the statements have them."""
    ok(allocation.post("/v1/statements", json={"period": period}))
    found = ok(allocation.get("/v1/statements", params={"period": period, "limit": 1000}))["items"]
    amounts = {one["consumer"]: Decimal(one["amount"]) for one in found}
    return [amounts[code] for code in consumers]


@pytest.mark.parametrize("case", cases("leontief_inverse"))
def test_the_output_of_an_economy_is_the_gross_of_a_reciprocal_stage(
    modelling: Modelling, case: Json
) -> None:
    """Every sector sends its inputs' share of its output to the sectors it buys from."""
    inputs, period = case["inputs"], "2042-01"
    sectors = [f"sector {place}" for place in range(len(inputs["total_output"]))]
    modelling.objects("pool", "demand")
    modelling.objects("resource", *sectors)
    modelling.objects("consumer", "value added")
    modelling.driver("purchases")
    modelling.lines(
        period,
        [
            {"amount": demand, "account": sector}
            for sector, demand in zip(sectors, inputs["new_final_demand"], strict=True)
        ],
    )
    mappings = [
        direct("in", "line_to_pool", "demand"),
        {
            "code": "final demand",
            "stage": "pool_to_resource",
            "method": "direct",
            "target": {"field": "account"},
        },
        direct("out", "resource_to_consumer", "value added"),
    ]
    for place, sector in enumerate(sectors):
        bought = {
            seller: row[place] for seller, row in zip(sectors, inputs["transactions"], strict=True)
        }
        modelling.quantities("purchases", period, bought, sector)
        share = sum(map(Fraction, bought.values())) / Fraction(inputs["total_output"][place])
        portion = Decimal((100 * share).numerator) / (100 * share).denominator
        mappings.append(
            by_driver(
                f"purchases of {sector}",
                "resource_to_resource",
                "purchases",
                {"code": sectors},
                source={"code": sector},
                portion=format(portion, "f"),
            )
        )
    modelling.publish_model(mappings, {"resource_to_resource": {"self_use": "counted"}})
    figures = modelling.run(period)
    for sector, output in zip(sectors, case["expected"]["new_output"], strict=True):
        assert abs(figures.holding("resource", sector) - Decimal(output)) < 5 * UNIT
    assert figures.total("consumers") == sum(map(Decimal, inputs["new_final_demand"]))
