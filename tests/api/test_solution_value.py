"""Solutions' cost beside value, scorecards and carbon of one company over the live services."""

from decimal import Decimal
from typing import Any

import pytest

from tests.running import LiveServices, a_key
from tests.value_company import LATER, PERIOD, build_company, ok, put


@pytest.fixture(scope="module")
def runs(services: LiveServices) -> dict[str, str]:
    built = build_company(services)
    answers = [("MAKE", 9), ("MAKE", 10), ("MAKE", 7), ("MAKE", 3), ("HELP", 0)]
    items = [
        {"solution": code, "period": PERIOD, "kind": "nps", "score": score}
        for code, score in answers
    ]
    put(services.valuation, "feedback", items)
    return built


def view(services: LiveServices, query: str = "") -> dict[str, Any]:
    body: dict[str, Any] = ok(
        services.valuation.get(f"/v1/views/solution-value?period={PERIOD}{query}")
    )
    return body


def solution(body: dict[str, Any], code: str) -> dict[str, Any]:
    return next(item for item in body["items"] if item["code"] == code)


def test_a_solution_shows_cost_worth_and_unit_cost(
    services: LiveServices, runs: dict[str, str]
) -> None:
    body = view(services)
    assert (body["total"], body["shown"], body["currency"]) == ("100", "80", "EUR")
    assert [item["code"] for item in body["items"]] == ["DESIGN", "MAKE", "HELP"]
    design, make = solution(body, "DESIGN"), solution(body, "MAKE")
    assert (design["unit"], design["quantity"], design["unit_cost"]) == ("drawing", "16", "2")
    assert make["value"] == [{"unit": "EUR", "amount": "55", "kpis": ["earned-make"]}]
    assert Decimal(make["value_per_cost"]) == Decimal("1.964285714286")
    assert (make["value_chain_stage"], make["quadrant"]) == ("production", "high_cost_high_value")
    assert solution(body, "HELP")["quadrant"] is None


def test_recommendation_stands_beside_cost(services: LiveServices, runs: dict[str, str]) -> None:
    nps = solution(view(services), "MAKE")["nps"]
    assert (nps["nps"], nps["n"], nps["promoters"], nps["detractors"]) == ("25", 4, 2, 1)
    assert solution(view(services), "DESIGN")["nps"]["reason"] == "no_answers"


def test_use_below_half_of_the_way_is_underuse_only_where_the_cost_is_high(
    services: LiveServices, runs: dict[str, str]
) -> None:
    help_desk = solution(view(services), "HELP")
    assert help_desk["use"]["attainment"] == "0.2"
    assert help_desk["underused"] is False
    assert "below the median" in help_desk["underused_reason"]
    assert view(services, "&underused=true")["items"] == []


def test_roots_gather_what_is_below_them(services: LiveServices, runs: dict[str, str]) -> None:
    plant = solution(view(services, "&level=1"), "PLANT")
    assert (plant["amount"], plant["value"][0]["amount"], plant["nps"]["n"]) == ("28", "55", 4)


def test_solutions_come_in_pages_and_in_any_order(
    services: LiveServices, runs: dict[str, str]
) -> None:
    first = view(services, "&sort=-nps&limit=1")
    assert [item["code"] for item in first["items"]] == ["MAKE"]
    rest = view(services, f"&sort=-nps&limit=5&cursor={first['next_cursor']}")
    assert [item["code"] for item in rest["items"]] == ["HELP", "DESIGN"]
    path = f"/v1/views/solution-value?period={PERIOD}"
    table = services.valuation.get(path, headers={"Accept": "text/csv"}).text
    assert "55 EUR" in table
    assert services.valuation.get(f"{path}&sort=colour").json()["code"] == "bad_sort"


def test_the_scorecard_of_it_has_what_is_of_no_consumer(
    services: LiveServices, runs: dict[str, str]
) -> None:
    card = ok(services.valuation.get(f"/v1/scorecards?period={PERIOD}"))
    by_name = {each["perspective"]: each for each in card["perspectives"]}
    assert list(by_name) == ["financial", "customer", "process", "learning"]
    (use,) = by_name["process"]["kpis"]
    assert (use["kpi"], use["attainment"], use["status"]) == ("use-help", "0.2", "red")
    assert (by_name["process"]["score"], card["score"]) == ("0.2", "0.2")
    assert (by_name["financial"]["score"], by_name["customer"]["kpis"]) == (None, [])
    assert (card["scope"], card["cost"]["amount"]) == ("it", "100")


def test_a_business_unit_has_its_own_kpis_and_its_cost(
    services: LiveServices, runs: dict[str, str]
) -> None:
    path = f"/v1/scorecards?period={PERIOD}&consumer=EAST"
    card = ok(services.valuation.get(path, headers={"Accept-Language": "zh-CN"}))
    kpis = [kpi for each in card["perspectives"] for kpi in each["kpis"]]
    assert [(kpi["kpi"], kpi["value"], kpi["score"]) for kpi in kpis] == [("shop-time", "6", "0.8")]
    assert (card["consumer"], card["name"], card["status"]) == ("EAST", "EAST号", "amber")
    assert (card["cost"]["amount"], card["cost"]["share"]) == ("42", "0.42")
    west = ok(services.valuation.get(f"/v1/scorecards?period={PERIOD}&consumer=WEST"))
    assert west["score"] is None


def test_observations_of_a_unit_put_a_kpi_on_its_card(
    services: LiveServices, runs: dict[str, str]
) -> None:
    link = {"layer": "consumer", "code": "WEST"}
    put(
        services.valuation,
        "observations",
        [{"kpi": "use-help", "period": LATER, "value": "120", "link": link}],
    )
    card = ok(services.valuation.get(f"/v1/scorecards?period={LATER}&consumer=WEST"))
    (kpi,) = [kpi for each in card["perspectives"] for kpi in each["kpis"]]
    assert (kpi["linked_by"], kpi["value"], kpi["verdict"]) == ("observation", "120", "exceeded")


def test_an_unknown_unit_is_refused(services: LiveServices, runs: dict[str, str]) -> None:
    answer = services.valuation.get(f"/v1/scorecards?period={PERIOD}&consumer=NORTH")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_consumer")


def test_a_card_without_a_run_says_so_beside_its_kpis(
    services: LiveServices, runs: dict[str, str]
) -> None:
    card = ok(services.valuation.get("/v1/scorecards?period=2026-03&consumer=SHOP"))
    assert card["cost"]["reason"] == "no_published_run"
    (kpi,) = card["perspectives"][2]["kpis"]
    assert (kpi["value"], kpi["measured_in"]) == ("6", PERIOD)


@pytest.mark.parametrize(
    ("layer", "shown", "beyond"),
    [("resource", "20", "0"), ("solution", "20", "0"), ("consumer", "15", "5")],
)
def test_carbon_of_a_layer_adds_up_to_the_run(
    services: LiveServices, runs: dict[str, str], layer: str, shown: str, beyond: str
) -> None:
    body = ok(services.valuation.get(f"/v1/carbon?period={PERIOD}&layer={layer}"))
    operational = next(each for each in body["measures"] if each["measure"] == "co2e_operational")
    assert (operational["total"], operational["shown"]) == ("20", shown)
    assert operational["beyond"] == beyond
    assert (operational["bases"], operational["scopes"]) == (["location"], ["2"])
    assert operational["factors"] == ["grid"]
    assert sum(Decimal(item["share"]) for item in body["items"]) == 1


def test_carbon_has_intensities_and_a_trace(services: LiveServices, runs: dict[str, str]) -> None:
    body = ok(services.valuation.get(f"/v1/carbon?period={PERIOD}&layer=solution"))
    design = body["items"][0]
    assert (design["code"], design["kwh"], design["co2e"]) == ("DESIGN", "40", "10")
    assert (design["co2e_operational"], design["co2e_embodied"]) == ("8", "2")
    assert (design["kg_per_1000"], design["kg_per_unit"]) == ("312.5", "0.625")
    trace = ok(services.allocation.get(design["href"].removeprefix("/allocation")))
    assert trace["amount"] == "8"


def test_carbon_of_a_run_of_cost_only_is_refused(
    services: LiveServices, runs: dict[str, str]
) -> None:
    for query in (f"period={LATER}", f"from={PERIOD}&to={LATER}"):
        answer = services.valuation.get(f"/v1/carbon?{query}")
        if answer.status_code == 409:
            assert answer.json()["code"] == "measures_missing"
            assert runs[LATER] in answer.json()["detail"]
            assert "co2e_operational" in answer.json()["detail"]
        else:
            pytest.fail(answer.text)


def test_bound_callers_see_none_of_it(services: LiveServices, runs: dict[str, str]) -> None:
    bound = {"Authorization": f"Bearer {a_key(['valuation:read'], consumers=['EAST'])}"}
    for name in ("views/solution-value", "scorecards", "carbon"):
        answer = services.valuation.get(f"/v1/{name}?period={PERIOD}", headers=bound)
        assert answer.status_code == 403
