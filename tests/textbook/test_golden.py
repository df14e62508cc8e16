"""Small figures that the field agrees on, each through the API in a month of its own."""

from decimal import Decimal
from itertools import count

import pytest

from tests.modelling import Figures, Json, Modelling, direct
from tests.running import ServiceUnderTest

PERIODS = (f"{year}-06" for year in count(2060))


@pytest.fixture(scope="module")
def modelling(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    made = Modelling(allocation, ingest)
    made.objects("pool", "IT")
    made.objects("consumer", "A", "B", "C", "D", "E")
    made.driver("use")
    made.driver("capacity")
    return made


def spread(modelling: Modelling, amount: str, way: Json, **use: str) -> Figures:
    """One amount in one pool, charged to consumers in one way."""
    period = next(PERIODS)
    modelling.lines(period, [{"amount": amount}])
    modelling.quantities("use", period, use)
    modelling.quantities("capacity", period, {"IT": "100"})
    rule = {"code": "spread", "stage": "pool_to_consumer", "target": {}} | way
    modelling.publish_model([direct("in", "line_to_pool", "IT"), rule], {})
    return modelling.run(period)


def bills(figures: Figures) -> dict[str, Decimal]:
    items = figures.items("balances", layer="consumer")
    return {one["code"]: Decimal(one["retained"]) for one in items if one["retained"] != "0"}


def test_a_hundred_thousand_evenly_over_five_is_twenty_thousand_each(modelling: Modelling) -> None:
    figures = spread(modelling, "100000", {"method": "even"})
    assert bills(figures) == dict.fromkeys("ABCDE", Decimal(20_000))


def test_sixty_and_forty(modelling: Modelling) -> None:
    shares = {"method": "fixed", "target": {"shares": {"A": "60", "B": "40"}}}
    assert bills(spread(modelling, "12.34", shares)) == {
        "A": Decimal("7.404"),
        "B": Decimal("4.936"),
    }


@pytest.mark.parametrize(("spent", "difference"), [("15000", 5_000), ("5000", -5_000)])
def test_a_standard_cost_leaves_what_was_spent_beyond_it(
    modelling: Modelling, spent: str, difference: int
) -> None:
    rate = {
        "method": "rate",
        "driver": "use",
        "rates": {"*": {"amount": "10000", "currency": "EUR"}},
    }
    figures = spread(modelling, spent, rate, A="1")
    assert bills(figures) == {"A": 10_000}
    assert figures.left("rate_difference", "IT") == difference
    assert figures.total("consumers") + figures.total("unallocated") == Decimal(spent)


@pytest.mark.parametrize(("method", "bill"), [("capacity", 250), ("driver", 500)])
def test_25_of_50_used_units_of_a_capacity_of_100(
    modelling: Modelling, method: str, bill: int
) -> None:
    way = {"method": method, "driver": "use"}
    if method == "capacity":
        way["capacity_driver"] = "capacity"
    figures = spread(modelling, "1000", way, A="25", B="25")
    assert bills(figures) == {"A": bill, "B": bill}
    assert figures.left("idle", "IT") == 1000 - 2 * bill


@pytest.mark.parametrize("sign", ["", "-"])
def test_bounds_are_kept_by_one_factor_for_all(modelling: Modelling, sign: str) -> None:
    way = {
        "method": "driver",
        "driver": "use",
        "floor": {"*": {"amount": "10", "currency": "EUR"}},
        "cap": {"*": {"amount": "40", "currency": "EUR"}},
        "target": {"code": ["A", "B", "C"]},
    }
    figures = spread(modelling, f"{sign}100", way, A="90", B="6", C="4")
    factor = Decimal(f"{sign}1")
    assert bills(figures) == {"A": 40 * factor, "B": 36 * factor, "C": 24 * factor}


def test_caps_below_the_amount_leave_the_rest_capped(modelling: Modelling) -> None:
    cap = {"A": {"amount": "30", "currency": "EUR"}, "B": {"amount": "20", "currency": "EUR"}}
    way = {"method": "driver", "driver": "use", "cap": cap, "target": {"code": ["A", "B"]}}
    figures = spread(modelling, "100", way, A="1", B="1")
    assert bills(figures) == {"A": 30, "B": 20}
    assert figures.left("capped", "IT") == 50


def test_one_cent_over_three_goes_to_the_first_codes(modelling: Modelling) -> None:
    way = {"method": "even", "target": {"code": ["A", "B", "C"]}}
    found = bills(spread(modelling, "0.01", way))
    assert found == {
        "A": Decimal("0.003334"),
        "B": Decimal("0.003333"),
        "C": Decimal("0.003333"),
    }
