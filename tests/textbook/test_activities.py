"""Activity-based costing: activities charged by driver, by rate and by used capacity."""

import json
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.modelling import Json, Modelling, ok
from tests.running import ServiceUnderTest
from tests.textbook.departments import plain

CASES = {
    case["name"]: case
    for case in json.loads((Path(__file__).parent / "cases.json").read_text())
    if case["method"] == "activity_based"
}
CENT = Decimal("0.01")
PERIODS = (f"{year}-01" for year in count(2030))
# The layer of the activities and the layer of the products.
PATHS = [("pool", "solution"), ("resource", "solution"), ("pool", "consumer"), ("pool", "resource")]
REASONS = {"rate": "rate_difference", "capacity": "idle"}


@pytest.fixture(scope="module")
def modelling(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    return Modelling(allocation, ingest)


class ActivityCase:
    """The activities of a case on one layer, its products on a later one."""

    def __init__(
        self,
        inputs: Json,
        layer: str,
        products: str,
        method: str,
        period: str,
        *,
        metered: bool = False,
    ) -> None:
        self.inputs, self.layer, self.products = inputs, layer, products
        self.method, self.period, self.metered = method, period, metered

    def code(self, name: str) -> str:
        return f"{self.period}/{name}"

    def driver(self, activity: str) -> str:
        """The driver that counts the use of an activity."""
        return self.code("use" if self.metered else activity)

    def capacity(self, activity: str) -> str:
        """The driver that says how much of an activity there is."""
        return self.code("capacity" if self.metered else f"{activity} capacity")

    def send(self, modelling: Modelling) -> None:
        """Objects, lines, drivers with their capacities, and the model, published."""
        inputs, valid = self.inputs, {"valid_from": self.period, "valid_to": self.period}
        modelling.objects("pool", *map(self.code, inputs["pools"]), **valid)
        if self.layer != "pool":
            modelling.objects(self.layer, *map(self.code, inputs["pools"]), **valid)
        modelling.driver(self.code("units"))
        products = list(map(self.code, inputs["units"]))
        modelling.objects(self.products, *products, unit_driver=self.code("units"), **valid)
        units = {self.code(product): number for product, number in inputs["units"].items()}
        modelling.quantities(self.code("units"), self.period, units)
        modelling.lines(
            self.period,
            [
                {"amount": pool["cost"], "account": activity}
                for activity, pool in inputs["pools"].items()
            ],
        )
        for activity, pool in inputs["pools"].items():
            used = {self.code(name): row[activity] for name, row in inputs["usage"].items()}
            source = self.code(activity) if self.metered else None
            modelling.driver(self.driver(activity))
            modelling.quantities(self.driver(activity), self.period, used, source)
            modelling.driver(self.capacity(activity))
            total = {self.code(activity): pool["driver_total"]}
            modelling.quantities(self.capacity(activity), self.period, total)
        modelling.publish_model(self._mappings(), {})

    def _mappings(self) -> list[Json]:
        found: list[Json] = []
        for activity, pool in self.inputs["pools"].items():
            code = self.code(activity)
            found.append(
                {
                    "code": f"lines of {activity}",
                    "stage": "line_to_pool",
                    "source": {"account": activity},
                    "method": "direct",
                    "target": {"object": code},
                }
            )
            if self.layer != "pool":
                found.append(
                    {
                        "code": f"up {activity}",
                        "stage": f"pool_to_{self.layer}",
                        "source": {"code": code},
                        "method": "direct",
                        "target": {"object": code},
                    }
                )
            if not self.metered:
                found.append(self._charge(activity, pool))
        if self.metered:
            found.append(self._charge("", {}) | {"source": {}})
        return found

    def _charge(self, activity: str, pool: Json) -> Json:
        """How an activity charges the products."""
        charge = {
            "code": f"use of {activity}",
            "stage": f"{self.layer}_to_{self.products}",
            "source": {"code": self.code(activity)},
            "method": self.method,
            "driver": self.driver(activity),
            "target": {"code": list(map(self.code, self.inputs["units"]))},
        }
        if self.method == "capacity":
            charge["capacity_driver"] = self.capacity(activity)
        if self.method == "rate":
            rate = plain(Fraction(pool["cost"]) / Fraction(pool["driver_total"]))
            charge["rates"] = {"*": {"amount": str(rate), "currency": "EUR"}}
        return charge


@pytest.mark.parametrize(("layer", "products"), PATHS)
@pytest.mark.parametrize("method", ["rate", "capacity", "one capacity mapping for all"])
@pytest.mark.parametrize("name", CASES)
def test_products_bear_what_they_used_and_idle_capacity_is_shown(
    modelling: Modelling, name: str, method: str, layer: str, products: str
) -> None:
    inputs, expected = CASES[name]["inputs"], CASES[name]["expected"]
    metered = method not in REASONS
    method = "capacity" if metered else method
    case = ActivityCase(inputs, layer, products, method, next(PERIODS), metered=metered)
    case.send(modelling)
    figures = modelling.run(case.period)
    for product, amount in expected["allocated"].items():
        found = figures.holding(products, case.code(product))
        assert abs(found - Decimal(amount)) < CENT
    for activity, unused in expected["unused_capacity_cost"].items():
        balance = figures.balance(layer, case.code(activity))
        assert abs(balance["unallocated"] - Decimal(unused)) < CENT
        assert figures.left(REASONS[method], case.code(activity)) == balance["unallocated"]
    spent = sum((Fraction(pool["cost"]) for pool in inputs["pools"].values()), Fraction(0))
    kept = ("consumers", "retained", "unallocated")
    assert sum(map(figures.total, kept)) == figures.total("input") == plain(spent)


@pytest.mark.parametrize("name", CASES)
def test_a_driver_spreads_idle_time_too(modelling: Modelling, name: str) -> None:
    inputs = CASES[name]["inputs"]
    case = ActivityCase(inputs, "pool", "solution", "driver", next(PERIODS))
    case.send(modelling)
    figures = modelling.run(case.period)
    for product in inputs["units"]:
        share = Fraction(0)
        for activity, pool in inputs["pools"].items():
            used = [Fraction(row[activity]) for row in inputs["usage"].values()]
            mine = Fraction(inputs["usage"][product][activity])
            share += Fraction(pool["cost"]) * mine / sum(used)
        assert abs(figures.holding("solution", case.code(product)) - plain(share)) < CENT


@pytest.mark.parametrize("name", CASES)
def test_the_view_gives_the_cost_of_a_unit(
    modelling: Modelling, allocation: ServiceUnderTest, name: str
) -> None:
    expected: dict[str, Any] = CASES[name]["expected"]
    case = ActivityCase(CASES[name]["inputs"], "pool", "solution", "rate", next(PERIODS))
    case.send(modelling)
    modelling.run(case.period, publish=True)
    items = ok(allocation.get("/v1/views/solutions", params={"period": case.period}))["items"]
    found = {one["code"]: Decimal(one["unit_cost"]) for one in items}
    for product, cost in expected["per_unit"].items():
        assert abs(found[case.code(product)] - Decimal(cost)) < Decimal("0.000005")
