"""The furniture maker of the examples: its published figures come out of its rows."""

import re
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.calling import System
from cli.demo.home_furnishing.asking import Figure
from cli.demo.home_furnishing.calendar import CASE_MONTH, FIRST_MONTH, MONTHS
from cli.demo.home_furnishing.company import EXAMPLE, Furniture
from cli.demo.home_furnishing.inventing.__main__ import FILES, text_of
from cli.demo.home_furnishing.published import FIGURES
from cli.demo.home_furnishing.story import load
from cli.demo.home_furnishing.table import table_of_figures
from cli.demo.stage import Stage
from shared.clients.base import ServiceClient
from tests.running import SERVICES, LiveServices


@pytest.fixture(scope="module")
def company(services: LiveServices) -> Iterator[System]:
    """The company loaded over HTTP as the demo loads it."""
    clients = (
        ServiceClient(services.urls[name], services.key, timeout_seconds=90, language="zh-CN")
        for name in SERVICES
    )
    with System(*clients) as system:
        load(Stage(Console(file=StringIO())), system, Furniture())
        yield system


def ask(system: System, service: str, path: str, **query: Any) -> Any:
    return getattr(system, service).request("GET", path, query=query).json()


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.en.replace(" ", "-"))
def test_the_published_figure_is_what_the_call_answers(company: System, figure: Figure) -> None:
    found = figure.ask(company)
    assert figure.agrees(found), f"{figure.call} -> {figure.read} = {found}"


def test_no_figure_is_listed_twice() -> None:
    assert len({(figure.path, figure.read) for figure in FIGURES}) == len(FIGURES)


def test_the_readme_lists_every_figure_with_its_call() -> None:
    assert table_of_figures() in (EXAMPLE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_the_rows_are_those_that_the_script_writes(name: str) -> None:
    assert (EXAMPLE / name).read_text(encoding="utf-8") == text_of(name)


def test_loading_the_company_again_changes_nothing(company: System) -> None:
    before = {run["id"] for run in company.allocation.walk("/v1/runs")}
    load(Stage(Console(file=StringIO())), company, Furniture())
    assert {run["id"] for run in company.allocation.walk("/v1/runs")} == before
    assert len(before) == len(MONTHS)
    assert len(list(company.allocation.walk("/v1/disputes"))) == 12
    assert {one["status"] for one in company.ingest.walk("/v1/imports")} == {"succeeded"}


def test_no_row_was_refused(company: System) -> None:
    imports = list(company.ingest.walk("/v1/imports"))
    assert {one["kind"] for one in imports} >= {"ledger", "assets", "tickets", "kpi_observations"}
    assert all(one["rows"]["received"] == one["rows"]["accepted"] for one in imports)


@pytest.mark.parametrize("period", [FIRST_MONTH, CASE_MONTH])
def test_every_issued_bill_adds_up_to_the_run(company: System, period: str) -> None:
    bills = list(company.allocation.walk("/v1/statements", period=period))
    assert {bill["status"] for bill in bills} == {"issued"}
    (run,) = company.allocation.walk("/v1/runs", period=period, published="true")
    billed = sum((Decimal(bill["amount"]) for bill in bills), Decimal(0))
    assert billed == Decimal(run["totals"]["cost"]["consumers"])


def test_every_review_that_was_due_is_approved_with_its_lessons(company: System) -> None:
    reviews = list(company.valuation.walk("/v1/post-implementation-reviews"))
    assert len(reviews) == 11
    assert {review["state"] for review in reviews} == {"approved"}
    for review in reviews:
        path = f"/v1/post-implementation-reviews/{review['id']}"
        assert ask(company, "valuation", path)["lessons"]


def test_initiatives_are_ranked_by_their_value_score(company: System) -> None:
    ranked = ask(company, "valuation", "/v1/initiatives", sort="-value_score")["items"]
    scores = [Decimal(one["value_score"]) for one in ranked]
    assert scores == sorted(scores, reverse=True)
    assert ranked[0]["code"] == "btim-programme"


def test_the_monthly_report_says_it_in_chinese(company: System) -> None:
    order = {"type": "cost-value-distribution", "period": CASE_MONTH, "language": "zh-CN"}
    answer = company.valuation.request(
        "POST",
        "/v1/reports",
        body={**order, "format": "html"},
        query={"wait": 60},
        headers={"Accept": "text/html"},
    )
    text = re.sub("<[^>]+>", "", answer.content.decode())
    assert "设计环节 IT 投入占比 32.0%，贡献营收占比 45.0%" in text
    assert all(word in text for word in ("线上商城", "华东经销商", "智能仓储改造", "超出目标"))


def test_a_costly_solution_that_is_hardly_used_is_marked(company: System) -> None:
    view = ask(company, "valuation", "/v1/views/solution-value", period=CASE_MONTH)
    assert [one["code"] for one in view["items"] if one["underused"]] == ["ar-matching"]


def test_a_business_unit_finds_the_value_of_it_in_its_own_scorecard(company: System) -> None:
    asked = {"period": CASE_MONTH, "consumer": "dept/design-centre"}
    card = ask(company, "valuation", "/v1/scorecards", **asked)
    known = {kpi["kpi"] for each in card["perspectives"] for kpi in each["kpis"]}
    assert known >= {"customers-per-designer", "design-tool-use", "design-pass-rate"}
    assert Decimal(card["cost"]["amount"]) == 896_000


def test_every_month_has_its_energy_and_carbon_beside_its_money(company: System) -> None:
    answer = ask(company, "valuation", "/v1/carbon", period=CASE_MONTH)
    totals = {each["measure"]: each["total"] for each in answer["measures"]}
    assert totals == {"kwh": "111600", "co2e_operational": "56100", "co2e_embodied": "12900"}
    assert {each["beyond"] for each in answer["measures"]} == {"0"}
    year = ask(company, "valuation", "/v1/carbon", **{"from": MONTHS[0], "to": MONTHS[-1]})
    assert len(year["runs"]) == len(MONTHS)
