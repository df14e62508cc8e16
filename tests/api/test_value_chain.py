"""The value chain: stages as a noun, and what each costs and earns, over the live services."""

from decimal import Decimal
from typing import Any

import pytest

from tests.running import LiveServices, a_key
from tests.value_company import LATER, PERIOD, build_company, ok, put

PATH = f"/v1/value-chain?period={PERIOD}"


@pytest.fixture(scope="module")
def runs(services: LiveServices) -> dict[str, str]:
    return build_company(services)


@pytest.fixture(scope="module")
def chain(services: LiveServices, runs: dict[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = ok(services.valuation.get(PATH))
    return body


def stage(chain: dict[str, Any], code: str) -> dict[str, Any]:
    return next(item for item in chain["items"] if item["code"] == code)


def test_a_stage_has_both_shares(chain: dict[str, Any]) -> None:
    design = stage(chain, "design")
    assert (design["cost"], design["cost_share"]) == ("32", "0.32")
    assert (design["value"], design["value_share"]) == ("45", "0.45")
    assert design["value_per_cost"] == "1.40625"
    assert "design: 32 % of cost, 45 % of revenue" in chain["sentences"]


def test_a_solution_without_a_stage_has_its_parents(chain: dict[str, Any]) -> None:
    production = stage(chain, "production")
    assert (production["cost"], production["value"]) == ("28", "55")
    assert [each["code"] for each in production["solutions"]] == ["MAKE", "PLANT"][:1]
    (kpi,) = production["kpis"]
    assert (kpi["linked_by"], kpi["counted"]) == ("solution", True)


def test_what_is_of_no_stage_is_shown_in_its_parts(chain: dict[str, Any]) -> None:
    unassigned = chain["unassigned"]
    assert (unassigned["cost"], unassigned["cost_share"]) == ("40", "0.4")
    parts = {part["kind"]: (part["amount"], part["share"]) for part in unassigned["parts"]}
    assert parts == {
        "solutions_without_stage": ("20", "0.2"),
        "consumers_directly": ("10", "0.1"),
        "retained_elsewhere": ("0", "0"),
        "unallocated_elsewhere": ("10", "0.1"),
        "residual": ("0", "0"),
    }


def test_stages_and_the_rest_add_up_to_the_input(
    services: LiveServices, runs: dict[str, str], chain: dict[str, Any]
) -> None:
    shown = [*chain["items"], chain["unassigned"]]
    run = ok(services.allocation.get(f"/v1/runs/{runs[PERIOD]}"))
    assert chain["total"] == run["totals"]["cost"]["input"]
    assert sum(Decimal(each["cost"]) for each in shown) == Decimal(chain["total"])
    assert sum(Decimal(each["cost_share"]) for each in shown) == 1
    assert sum(Decimal(each["value_share"] or 0) for each in shown) == 1


def test_figures_lead_to_their_sources(services: LiveServices, chain: dict[str, Any]) -> None:
    design = stage(chain, "design")
    (line,) = ok(
        services.allocation.get(design["solutions"][0]["href"].removeprefix("/allocation"))
    )["items"]
    assert line["amount"] == "32"
    kpi = ok(services.valuation.get(design["kpis"][0]["href"]))
    assert kpi["code"] == "earned-design"


def test_a_month_without_revenue_says_so(services: LiveServices, runs: dict[str, str]) -> None:
    later = ok(services.valuation.get(f"/v1/value-chain?period={LATER}"))
    assert later["value_reason"] == "no_value"
    assert stage(later, "design")["value"] is None
    assert stage(later, "design")["value_reason"] == "no_value"
    assert "design: 32 % of cost, revenue not known" in later["sentences"]


def test_months_are_added_up(services: LiveServices, runs: dict[str, str]) -> None:
    both = ok(services.valuation.get(f"/v1/value-chain?from={PERIOD}&to={LATER}"))
    assert (both["total"], both["periods"]) == ("200", [PERIOD, LATER])
    design = stage(both, "design")
    assert (design["cost"], design["value"]) == ("64", "45")
    assert design["kpis"][0]["missing"] == [LATER]


def test_stages_have_names_and_an_order(services: LiveServices, runs: dict[str, str]) -> None:
    items = [
        {"code": "production", "names": {"en": "Making", "zh-CN": "生产"}, "position": 1},
        {"code": "design", "names": {"en": "Design", "zh-CN": "设计"}, "position": 2},
    ]
    put(services.valuation, "value-chain-stages", items)
    chinese = services.valuation.get(PATH, headers={"Accept-Language": "zh-CN"}).json()
    assert [item["name"] for item in chinese["items"]] == ["生产", "设计"]
    assert "设计：占成本32%，占营收45%" in chinese["sentences"]
    loaded = ok(services.valuation.post("/v1/value-chain-stages/load"))
    assert set(loaded["present"]) == {"design", "production"}
    assert "sales" in loaded["created"]
    empty = stage(ok(services.valuation.get(PATH)), "sales")
    assert (empty["cost"], empty["value_reason"]) == ("0", "no_revenue_kpi")
    listed = ok(services.valuation.get("/v1/value-chain-stages?code=design"))["items"]
    assert [row["name"] for row in listed] == ["Design"]
    path = f"/v1/value-chain-stages/{listed[0]['id']}"
    assert services.valuation.patch(path, json={"position": 5}).status_code == 428
    changed = services.valuation.patch(
        path, json={"names": {"en": "Drawing"}}, headers={"If-Match": listed[0]["etag"]}
    )
    assert ok(changed)["names"] == {"en": "Drawing", "zh-CN": "设计"}
    gone = services.valuation.delete(path, headers={"If-Match": "*"})
    assert gone.status_code == 204
    assert stage(ok(services.valuation.get(PATH)), "design")["name"] == "design"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("period=2020-01", 409, "no_published_run"),
        ("", 422, "bad_stretch"),
        (f"period={PERIOD}&from={PERIOD}", 422, "bad_stretch"),
        (f"from={LATER}&to={PERIOD}", 422, "bad_stretch"),
        ("period=2026-13", 422, "invalid"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    services: LiveServices, runs: dict[str, str], query: str, status: int, code: str
) -> None:
    answer = services.valuation.get(f"/v1/value-chain?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_run_of_another_month_is_refused(services: LiveServices, runs: dict[str, str]) -> None:
    answer = services.valuation.get(f"{PATH}&run={runs[LATER]}")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_of_another_period")
    assert ok(services.valuation.get(f"{PATH}&run={runs[PERIOD]}"))["total"] == "100"


def test_the_chain_is_a_table_too(services: LiveServices, runs: dict[str, str]) -> None:
    table = services.valuation.get(PATH, headers={"Accept": "text/csv"}).text.splitlines()
    assert table[0].startswith("code,name,cost,cost_share")
    assert [row.split(",")[2] for row in table if row.startswith(("design", "production"))]
    assert table[-1].split(",")[2] == "40"


def test_bound_callers_see_no_value_chain(services: LiveServices, runs: dict[str, str]) -> None:
    key = a_key(["valuation:read"], consumers=["EAST"])
    bound = {"Authorization": f"Bearer {key}"}
    for path in (PATH, "/v1/value-chain-stages"):
        assert services.valuation.get(path, headers=bound).status_code == 403
