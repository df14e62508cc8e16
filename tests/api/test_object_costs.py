"""What objects cost over many months is what the balances of each run say, in one answer."""

from typing import Any

import pytest

from tests.modelling import COLLECTIONS, Figures, Modelling, by_driver, direct, ok, send_all
from tests.running import ServiceUnderTest, a_key

JANUARY, FEBRUARY, MARCH, APRIL = "2026-01", "2026-02", "2026-03", "2026-04"
AMOUNTS = {JANUARY: "1370.29", FEBRUARY: "-911.171717", APRIL: "0.01"}
SEATS = {"OC-ALL": 3, "OC-EAST": 4, "OC-EAST-1": 7, "OC-WEST": 9}
CODES = {
    "pool": ["OC-CLOUD"],
    "resource": ["OC-COMPUTE"],
    "solution": ["OC-SUITE", "OC-ERP", "OC-LATE"],
    "consumer": list(SEATS),
}
MAPPINGS = [
    direct("oc1", "line_to_pool", "OC-CLOUD"),
    direct("oc2", "pool_to_resource", "OC-COMPUTE"),
    direct("oc3", "resource_to_solution", "OC-ERP"),
    by_driver("oc4", "solution_to_consumer", "oc-seats", {"code": list(SEATS)}),
]


class Company:
    """Three published months; a unit moved after January, a solution began in February."""

    def __init__(self, allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
        self.allocation = allocation
        model = Modelling(allocation, ingest)
        model.objects("pool", "OC-CLOUD")
        model.objects("resource", "OC-COMPUTE")
        model.objects("solution", "OC-SUITE")
        model.objects("solution", "OC-ERP", parent="OC-SUITE")
        model.objects("solution", "OC-LATE", valid_from=FEBRUARY)
        model.objects("consumer", "OC-ALL")
        model.objects("consumer", "OC-EAST", "OC-WEST", parent="OC-ALL")
        model.objects("consumer", "OC-EAST-1", parent="OC-EAST")
        model.driver("oc-seats")
        model.driver("oc-kwh", unit="kWh", measure="kwh")
        model.publish_model(MAPPINGS, {})
        self.runs: dict[str, Figures] = {}
        for period, amount in AMOUNTS.items():
            model.lines(period, [{"account": "cloud", "amount": amount}])
            model.quantities("oc-seats", period, SEATS)
            model.quantities("oc-kwh", period, {"OC-COMPUTE": "10.5"})
            measures = ["cost", "kwh"] if period == APRIL else ["cost"]
            self.runs[period] = model.run(period, publish=True, measures=measures)
            moved = {"code": "OC-EAST-1", "names": {"en": "moved"}, "parent": "OC-WEST"}
            send_all(allocation, COLLECTIONS["consumer"], [moved])

    def ask(self, layer: str, *codes: str, **query: Any) -> Any:
        asked = {"layer": layer, "from": JANUARY, "code": codes, **query}
        return ok(self.allocation.get("/v1/object-costs", params=asked))


@pytest.fixture(scope="module")
def company(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Company:
    return Company(allocation, ingest)


@pytest.mark.parametrize("layer", CODES)
def test_every_object_costs_what_the_balances_of_each_run_say(company: Company, layer: str) -> None:
    answer = company.ask(layer, *CODES[layer])
    assert [item["code"] for item in answer["items"]] == CODES[layer]
    for item in answer["items"]:
        assert [month["period"] for month in item["months"]] == list(AMOUNTS)
        for month in item["months"]:
            run = company.runs[month["period"]]
            assert (month["run"], month["currency"]) == (run.run["id"], "EUR")
            rows = run.items("balances", layer=layer, code=item["code"], rollup="true")
            shown = [(row["own"], row["received"]) for row in rows]
            assert shown == ([(month["own"], month["received"])] if month["cost"] else [])
            if rows:
                assert month["cost"] == str(run.holding(layer, item["code"], rollup="true"))


def test_an_object_stands_in_each_month_where_it_stood_then(company: Company) -> None:
    (west,) = company.ask("consumer", "OC-WEST")["items"]
    seats = [
        round(float(month["cost"]) / float(AMOUNTS[month["period"]]) * 23)
        for month in west["months"]
    ]
    assert seats[:2] == [9, 16]


def test_what_a_run_does_not_know_has_a_reason_instead_of_an_amount(company: Company) -> None:
    late, nobody = company.ask("solution", "OC-LATE", "nobody")["items"]
    assert [(month["cost"], month["reason"]) for month in late["months"]] == [
        (None, "unknown_object"),
        ("0", None),
        ("0", None),
    ]
    assert (late["known"], nobody["known"]) == (True, False)


def test_other_measures_are_told_where_a_run_has_them(company: Company) -> None:
    answer = company.ask("solution", "OC-SUITE", measure="kwh")
    assert [run["total"] for run in answer["runs"]] == [None, None, "10.5"]
    (suite,) = answer["items"]
    assert [(month["cost"], month["reason"]) for month in suite["months"]] == [
        (None, "measure_not_in_run"),
        (None, "measure_not_in_run"),
        ("10.5", None),
    ]


def test_without_a_code_the_runs_and_their_totals_are_told(company: Company) -> None:
    answer = company.ask("pool", to=MARCH)
    assert answer["items"] == []
    shown = [(run["period"], run["total"]) for run in answer["runs"]]
    assert shown == [(month, AMOUNTS[month]) for month in (JANUARY, FEBRUARY)]
    assert company.ask("pool", scenario="budget")["runs"] == []


def test_a_caller_bound_to_a_unit_sees_it_only_while_it_stands_below(company: Company) -> None:
    bound = company.allocation.as_caller(a_key(["allocation:read"], consumers=["OC-EAST"]))
    asked = {"layer": "consumer", "from": JANUARY, "code": ["OC-EAST-1", "OC-WEST", "OC-ALL"]}
    answer = ok(company.allocation.get("/v1/object-costs", params=asked, headers=bound))
    assert {run["total"] for run in answer["runs"]} == {None}
    shown = [[month["cost"] is not None for month in item["months"]] for item in answer["items"]]
    assert shown == [[True, False, False], [False] * 3, [False] * 3]
    refused = company.allocation.get(
        "/v1/object-costs", params={**asked, "layer": "solution"}, headers=bound
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "caller_is_bound")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"to": "2025-12"}, "bad_range"),
        ({"layer": "line"}, "invalid"),
        ({"code": ["\x00"]}, "invalid"),
        ({"code": [str(number) for number in range(101)]}, "invalid"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    company: Company, wrong: dict[str, Any], code: str
) -> None:
    asked = {"layer": "solution", "from": JANUARY, **wrong}
    refused = company.allocation.get("/v1/object-costs", params=asked)
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
