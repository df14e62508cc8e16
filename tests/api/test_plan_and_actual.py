"""Plan against actual over the API: variances, stated figures, doubts, totals, accuracy."""

from decimal import Decimal
from typing import Any

import pytest

from tests.running import ServiceUnderTest

Json = dict[str, Any]
D = Decimal

ROWS: list[tuple[Json, str | None, str | None]] = [
    (
        {"code": "p/1", "started_on": "2011-10-01", "planned_go_live_on": "2012-03-31",
         "go_live_on": "2012-03-31",
         "stated": {"planned_cost": "0.179", "actual_cost": "0.179", "cost_variance": "0",
                    "schedule_variance_days": "-153", "schedule_variance_percent": "-84.07"}},
        "0.179", "0.179",
    ),
    (
        {"code": "p/2", "planned_go_live_on": "2011-09-30", "go_live_on": "2011-09-20",
         "stated": {"cost_variance": "0.3641", "cost_variance_percent": "20",
                    "schedule_variance_days": "10"}},
        "1.8205", "1.4564",
    ),
    (
        {"code": "p/1368", "planned_go_live_on": "2012-01-01",
         "stated": {"lifecycle_cost": "25654.96", "cost_variance_percent": "33.33"}},
        "3", "2",
    ),
    ({"code": "p/none", "stated": {"lifecycle_cost": "1"}}, None, None),
    ({"code": "p/wrong", "stated": {"cost_variance": "0", "planned_cost": "10.00"}}, "10", "10.4"),
    ({"code": "p/zero"}, "0", "5"),
]  # fmt: skip


@pytest.fixture(scope="module")
def projects(valuation: ServiceUnderTest) -> ServiceUnderTest:
    """Rows in the shape of a public list of projects, as a client brings them in."""
    items = [
        {"names": {"en": row["code"]}, "stage": "closed", "historic": True,
         "tags": {"agency": "Energy" if row["code"] < "p/2" else "Labor", "portfolio": "public"},
         **row}
        for row, _, _ in ROWS
    ]  # fmt: skip
    done = valuation.post("/v1/initiatives/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in done] == ["created"] * len(ROWS)
    flows = []
    for row, planned, actual in ROWS:
        for basis, cost in (("plan", planned), ("actual", actual)):
            if cost is not None:
                flows.append(
                    {"initiative": row["code"], "external_id": basis, "on": "2012-01-01",
                     "amount": f"-{cost}", "category": "investment", "basis": basis}
                )  # fmt: skip
    answer = valuation.post("/v1/cash-flows/bulk", json={"items": flows})
    assert {result["status"] for result in answer.json()["results"]} == {"created"}, answer.text
    return valuation


def listed(service: ServiceUnderTest, **asked: object) -> dict[str, Json]:
    answer = service.get("/v1/initiative-variances", params={"portfolio": "public", **asked})
    assert answer.status_code == 200, answer.text
    return {item["initiative"]: item for item in answer.json()["items"]}


def test_a_variance_is_plan_less_actual_exactly(projects: ServiceUnderTest) -> None:
    cost = listed(projects)["p/2"]["cost"]
    assert cost == {
        "planned": "1.8205",
        "actual": "1.4564",
        "variance": "0.3641",
        "variance_percent": "20",
        "reason": None,
    }


def test_a_percentage_of_a_plan_of_zero_is_null_with_its_reason(projects: ServiceUnderTest) -> None:
    cost = listed(projects)["p/zero"]["cost"]
    assert (cost["variance"], cost["variance_percent"], cost["reason"]) == (
        "-5", None, "plan_is_zero",
    )  # fmt: skip


def test_early_days_are_positive(projects: ServiceUnderTest) -> None:
    schedule = listed(projects)["p/2"]["schedule"]
    assert (schedule["variance_days"], schedule["reason"]) == ("10", "no_start")


def test_a_stated_figure_that_differs_is_a_conflict_and_stays(projects: ServiceUnderTest) -> None:
    found = listed(projects, conflict="true")
    assert set(found) == {"p/1", "p/wrong"}
    days, percent = found["p/1"]["conflicts"]
    assert (days["figure"], days["stated"], days["recomputed"], days["code"]) == (
        "schedule_variance_days", "-153", "0", "stated_differs",
    )  # fmt: skip
    assert percent["figure"] == "schedule_variance_percent"
    assert found["p/1"]["stated"]["schedule_variance_percent"] == "-84.07"
    assert found["p/1"]["cost"]["variance"] == "0"


def test_a_stated_zero_is_as_fine_as_the_money_beside_it(projects: ServiceUnderTest) -> None:
    (conflict,) = listed(projects, conflict="true")["p/wrong"]["conflicts"]
    assert (conflict["figure"], conflict["difference"], conflict["tolerance"]) == (
        "cost_variance", "0.4", "0.005",
    )  # fmt: skip


def test_the_rounding_of_a_stated_figure_is_no_conflict(projects: ServiceUnderTest) -> None:
    assert listed(projects)["p/1368"]["conflicts"] == []


def test_what_is_hard_to_believe_is_found(projects: ServiceUnderTest) -> None:
    assert set(listed(projects, finding="lifecycle_cost_questionable")) == {"p/1368"}
    assert set(listed(projects, finding="no_cost")) == {"p/none"}


def test_the_furthest_over_budget_come_first(projects: ServiceUnderTest) -> None:
    path = "/v1/initiative-variances?sort=cost_variance&limit=2&portfolio=public"
    page = projects.get(path).json()
    assert [item["initiative"] for item in page["items"]] == ["p/zero", "p/wrong"]
    rest = projects.get(f"{path}&limit=9&cursor={page['next_cursor']}").json()["items"]
    assert [item["initiative"] for item in rest] == ["p/1", "p/2", "p/1368", "p/none"]


def test_totals_by_a_tag_count_those_over_budget(projects: ServiceUnderTest) -> None:
    path = "/v1/initiative-variances/totals?group_by=tags.agency&portfolio=public&over_percent=4"
    energy, labor = projects.get(path).json()["items"]
    assert (energy["group"], energy["planned"], energy["actual"], energy["variance"]) == (
        "Energy", "3.179", "2.179", "1",
    )  # fmt: skip
    assert (labor["initiatives"], labor["without_plan"], labor["compared"]) == (4, 1, 3)
    assert (labor["over_budget"], labor["over_budget_beyond"], labor["conflicts"]) == (2, 1, 1)
    assert (labor["variance"], labor["accuracy"]["compared"]) == ("-5.0359", 2)


def test_totals_and_lists_are_files_too(projects: ServiceUnderTest) -> None:
    as_csv = {"Accept": "text/csv"}
    lines = projects.get("/v1/initiative-variances", headers=as_csv).text.splitlines()
    assert len(lines) == len(ROWS) + 1
    assert lines[0].startswith("initiative,name,stage")
    totals = projects.get("/v1/initiative-variances/totals", headers=as_csv).text.splitlines()
    assert totals[1].split(",")[3] == str(len(ROWS))
    plain = projects.get("/v1/initiatives", headers=as_csv).text.splitlines()
    assert len(plain) == len(ROWS) + 1


def test_a_wrong_grouping_is_refused(projects: ServiceUnderTest) -> None:
    answer = projects.get("/v1/initiative-variances/totals?group_by=names")
    assert answer.status_code == 422


def test_estimates_of_effort_are_promises_of_a_kpi(projects: ServiceUnderTest) -> None:
    kpi = {"code": "effort", "names": {"en": "Effort"}, "class": "cost", "unit": "h",
           "direction": "down"}  # fmt: skip
    assert projects.post("/v1/value-kpis", json=kpi).status_code == 201
    pairs = {"e/1": ("100", "80"), "e/2": ("100", "125"), "e/3": ("30", "40")}
    items = [{"code": code, "names": {"en": code}} for code in pairs]
    made = projects.post("/v1/initiatives/bulk", json={"items": items}).json()["results"]
    for result, (estimate, _) in zip(made, pairs.values(), strict=True):
        path = f"/v1/initiatives/{result['id']}/value-expectations"
        wish = {"kpi": "effort", "level": "operation", "target": estimate}
        assert projects.post(path, json=wish).status_code == 201
    seen = [
        {"kpi": "effort", "period": "2026-01", "value": actual, "source": "timesheets",
         "link": {"initiative": code}}
        for code, (_, actual) in pairs.items()
    ]  # fmt: skip
    assert projects.post("/v1/observations/bulk", json={"items": seen}).status_code == 200
    (total,) = projects.get("/v1/initiative-variances/totals?kpi=effort").json()["items"]
    accuracy = total["accuracy"]
    assert (total["unit"], total["planned"], total["actual"]) == ("h", "230", "245")
    assert (accuracy["mmre"], accuracy["mdmre"]) == ("0.233333333333", "0.25")
    assert (accuracy["pred25"], accuracy["share_over_plan"]) == ("1", "0.666666666667")
    one = projects.get(f"/v1/initiatives/{made[1]['id']}/variances").json()["expectations"][0]
    assert (one["actual"], one["variance"], one["variance_percent"]) == ("125", "-25", "-25")
    assert (one["period"], one["reason"]) == ("2026-01", None)


def test_categories_are_held_apart(projects: ServiceUnderTest) -> None:
    body = {"code": "split", "names": {"en": "split"}, "currency": "EUR"}
    made = projects.post("/v1/initiatives", json=body).json()
    flows = [
        {"initiative": "split", "on": "2026-01-01", "amount": amount, "category": category,
         "basis": basis}
        for basis, category, amount in (
            ("plan", "investment", "-100.10"), ("plan", "run_cost", "-50"),
            ("plan", "benefit", "400"), ("actual", "investment", "-120"),
            ("actual", "benefit", "500"),
        )
    ]  # fmt: skip
    projects.post("/v1/cash-flows/bulk", json={"items": flows})
    answer = projects.get(f"/v1/initiatives/{made['id']}/variances").json()
    found = {item["category"]: item for item in answer["categories"]}
    assert found["investment"]["variance"] == "-19.9"
    assert (found["run_cost"]["planned"], found["run_cost"]["reason"]) == ("50", "no_actual")
    assert (found["benefit"]["variance"], found["benefit"]["currency"]) == ("100", "EUR")
    assert (answer["cost"]["variance"], answer["benefit"]["variance_percent"]) == ("30.1", "25")


def test_payments_and_promises_of_all_initiatives_are_one_list(
    projects: ServiceUnderTest,
) -> None:
    flows = projects.get("/v1/cash-flows?initiative=p/2&basis=actual").json()["items"]
    assert [(flow["initiative"], flow["amount"]) for flow in flows] == [("p/2", "-1.4564")]
    wishes = [
        {"initiative": "p/2", "level": "strategy", "monetary_value": "7", "currency": "USD"},
        {"initiative": "nobody", "level": "strategy", "monetary_value": "7", "currency": "USD"},
        {"initiative": "p/1", "level": "strategy", "kpi": "no such KPI", "target": "1"},
    ]
    done = projects.post("/v1/value-expectations/bulk", json={"items": wishes}).json()["results"]
    assert [result["status"] for result in done] == ["created", "error", "error"]
    assert done[1]["error"]["errors"][0]["pointer"] == "/items/1/initiative"
    listed_wishes = projects.get("/v1/value-expectations?initiative=p/2").json()["items"]
    assert [wish["monetary_value"] for wish in listed_wishes] == ["7"]
    as_csv = {"Accept": "text/csv"}
    lines = projects.get("/v1/cash-flows?initiative=p/2", headers=as_csv).text.splitlines()
    assert len(lines) == 3
    lines = projects.get("/v1/value-expectations?initiative=p/2", headers=as_csv).text.splitlines()
    assert lines[1].startswith("p/2,,strategy")


def test_a_payment_of_nobody_spoils_no_other(projects: ServiceUnderTest) -> None:
    flow = {"on": "2026-01-01", "amount": "-1", "category": "run_cost"}
    items = [flow | {"initiative": "nobody"}, flow | {"initiative": "p/none"}, {"amount": 1}]
    path = "/v1/cash-flows/bulk?dry_run=true"
    done = projects.post(path, json={"items": items}).json()["results"]
    assert [result["status"] for result in done] == ["error", "created", "error"]
    assert projects.get("/v1/cash-flows?initiative=p/none").json()["items"] == []
    assert set(listed(projects, finding="no_cost")) == {"p/none"}
