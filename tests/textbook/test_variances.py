"""Material variances of standard costing: rates, a budget scenario and the views' variances."""

import json
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.modelling import Json, Modelling, direct, ok
from tests.running import ServiceUnderTest

CASES = [
    pytest.param(case, id=case["name"])
    for case in json.loads((Path(__file__).parent / "cases.json").read_text())
    if case["method"] == "variance"
]
PERIODS = (f"{year}-01" for year in count(2050))
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def modelling(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    return Modelling(allocation, ingest)


def signed(text: str) -> Decimal:
    """A printed variance: favourable ones lower the cost."""
    amount, side = text.split()
    return -Decimal(amount) if side == "F" else Decimal(amount)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, modelling: Modelling) -> Json:
    """Actual and budget of one case, both run and published through the same model."""
    inputs, period = request.param["inputs"], next(PERIODS)
    valid = {"valid_from": period, "valid_to": period}
    modelling.objects("pool", f"{period}/material", **valid)
    modelling.objects("solution", f"{period}/product", **valid)
    modelling.driver(f"{period}/used")
    standard = Decimal(inputs["standard_quantity_per_unit"]) * Decimal(inputs["actual_output"])
    price = Decimal(inputs["standard_price"])
    mappings = [
        direct("in", "line_to_pool", f"{period}/material"),
        {
            "code": "at standard price",
            "stage": "pool_to_solution",
            "method": "rate",
            "driver": f"{period}/used",
            "rates": {"*": {"amount": str(price), "currency": "EUR"}},
            "target": {},
        },
    ]
    modelling.publish_model(mappings, {})
    facts = {
        "actual": (inputs["actual_cost"], inputs["actual_quantity"]),
        "budget": (str(standard * price), str(standard)),
    }
    runs = {}
    for scenario, (cost, quantity) in facts.items():
        modelling.lines(period, [{"amount": cost}], scenario=scenario)
        used = {f"{period}/product": quantity}
        modelling.quantities(f"{period}/used", period, used, scenario=scenario)
        runs[scenario] = modelling.run(period, scenario=scenario, publish=True)
    expected = {name: signed(text) for name, text in request.param["expected"].items()}
    return {"period": period, "runs": runs, "expected": expected}


def view(allocation: ServiceUnderTest, name: str, period: str) -> dict[str, Any]:
    (item,) = ok(allocation.get(f"/v1/views/{name}", params={"period": period}))["items"]
    found: dict[str, Any] = item
    return found


def test_what_a_standard_price_does_not_cover_is_the_price_variance(case: Json) -> None:
    pool = f"{case['period']}/material"
    found = case["runs"]["actual"].left("rate_difference", pool)
    assert abs(found - case["expected"]["price_variance"]) < CENT
    assert case["runs"]["budget"].left("rate_difference", pool) == 0


def test_the_products_view_has_the_efficiency_variance(
    allocation: ServiceUnderTest, case: Json
) -> None:
    found = Decimal(view(allocation, "solutions", case["period"])["variance"])
    assert abs(found - case["expected"]["efficiency_variance"]) < CENT


def test_the_finance_view_has_the_variance_from_the_flexible_budget(
    allocation: ServiceUnderTest, case: Json
) -> None:
    item = view(allocation, "finance", case["period"])
    assert abs(Decimal(item["variance"]) - case["expected"]["flexible_budget_variance"]) < CENT
    assert Decimal(item["amount"]) - Decimal(item["budget"]) == Decimal(item["variance"])
