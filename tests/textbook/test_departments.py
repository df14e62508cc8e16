"""Service departments by the direct, step-down and reciprocal method, as the textbooks have it."""

import json
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.modelling import Modelling, direct
from tests.running import ServiceUnderTest
from tests.textbook.departments import READINGS, DepartmentCase, plain
from tests.textbook.exact import Departments, allocate, read_departments

METHODS = {"direct", "stepdown", "reciprocal"}
CASES = {
    case["name"]: case
    for case in json.loads((Path(__file__).parent / "cases.json").read_text())
    if case["method"] in METHODS
}
CENT = Decimal("0.01")
FEW_UNITS = Decimal("0.00002")
MONTHS = (f"{year}-{month:02}" for year in count(2001) for month in range(1, 13))


@pytest.fixture(scope="module")
def modelling(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Modelling:
    return Modelling(allocation, ingest)


@pytest.mark.parametrize("name", CASES)
def test_the_printed_figures_are_what_fractions_give(name: str) -> None:
    case = CASES[name]
    answer = allocate(case["method"], read_departments(case["inputs"]))
    expected = case["expected"]
    assert answer.final_totals == fractions(expected["final_totals"])
    if "reciprocated_costs" in expected:
        assert answer.gross == fractions(expected["reciprocated_costs"])
    printed = {source: fractions(row) for source, row in expected["allocations"].items()}
    assert answer.allocations == printed


@pytest.mark.parametrize("metered", [False, True], ids=["a driver each", "one metered driver"])
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("name", CASES)
def test_the_service_gives_the_textbooks_figures(
    modelling: Modelling, name: str, reading: str, metered: bool
) -> None:
    books = read_departments(CASES[name]["inputs"])
    method, expected = CASES[name]["method"], CASES[name]["expected"]
    case = DepartmentCase(books, method, reading, metered, next(MONTHS))
    figures = case.run(modelling)
    for department, total in expected["final_totals"].items():
        code = case.code(department)
        assert abs(figures.holding("consumer", code) - Decimal(total)) < CENT
        if case.final_layer != "consumer":
            assert figures.holding("consumer", code) == figures.holding(case.layer, code)
    for department, gross in expected.get("reciprocated_costs", {}).items():
        found = figures.holding(case.layer, case.code(department))
        assert abs(found - Decimal(gross)) < CENT
    for source, row in expected["allocations"].items():
        for target, amount in row.items():
            found = figures.flow(case.code(source), case.code(target))
            assert abs(found - Decimal(amount)) < CENT, (source, target)
    spent = sum((Decimal(cost) for cost in CASES[name]["inputs"]["direct_costs"].values()), CENT)
    assert figures.total("consumers") == figures.total("input") == spent - CENT


def a_random_case(random: Random) -> tuple[str, Departments]:
    """Up to six service departments that work for each other and for up to four final ones."""
    services = [f"S{place}" for place in range(random.randint(2, 6))]
    finals = [f"F{place}" for place in range(random.randint(1, 4))]
    quantities = {
        source: {
            target: Fraction(random.randint(0 if target in services else 1, 99_999), 100)
            for target in services + finals
        }
        for source in services
    }
    costs = {name: Fraction(random.randint(-999, 99_999_999), 100) for name in services + finals}
    counted = random.random() < 0.3
    method = random.choice(["direct", "stepdown", "reciprocal", "reciprocal"])
    return method, Departments(costs, quantities, services, finals, counted)


@pytest.mark.parametrize("seed", range(6))
def test_random_departments_agree_with_fractions(modelling: Modelling, seed: int) -> None:
    method, books = a_random_case(Random(seed))
    answer = allocate(method, books)
    case = DepartmentCase(books, method, READINGS[seed % 3], seed % 2 == 0, next(MONTHS))
    figures = case.run(modelling)
    for name, gross in answer.gross.items():
        assert abs(figures.holding(case.layer, case.code(name)) - plain(gross)) < FEW_UNITS
    for name, total in answer.final_totals.items():
        assert abs(figures.holding("consumer", case.code(name)) - plain(total)) < FEW_UNITS
    for source, row in answer.allocations.items():
        for target, amount in row.items():
            found = figures.flow(case.code(source), case.code(target))
            assert abs(found - plain(amount)) < FEW_UNITS
    assert figures.total("consumers") == plain(sum(books.direct_costs.values(), Fraction(0)))


def test_departments_that_only_work_for_each_other_are_refused_by_name(
    modelling: Modelling, allocation: ServiceUnderTest
) -> None:
    period = next(MONTHS)
    modelling.objects("pool", "loop costs")
    modelling.objects("resource", "LOOP-A", "LOOP-B", valid_from=period, valid_to=period)
    modelling.lines(period, [{"amount": "100"}])
    mappings = [
        direct("in", "line_to_pool", "loop costs"),
        direct("start", "pool_to_resource", "LOOP-A"),
        direct("a", "resource_to_resource", "LOOP-B", source={"code": "LOOP-A"}),
        direct("b", "resource_to_resource", "LOOP-A", source={"code": "LOOP-B"}),
    ]
    modelling.publish_model(mappings, {})
    run = modelling.ask_run(period)
    assert (run["status"], run["problem"]["code"]) == ("failed", "closed_loop")
    assert "LOOP-A" in run["problem"]["detail"]
    assert "LOOP-B" in run["problem"]["detail"]
    hidden = allocation.get(f"/v1/runs/{run['id']}/flows")
    assert (hidden.status_code, hidden.json()["code"]) == (409, "run_not_finished")
    modelling.publish_model(mappings, {"resource_to_resource": {"solve": "step_down"}})
    figures = modelling.run(period)
    assert figures.balance("resource", "LOOP-B")["unallocated"] == 100


def fractions(row: dict[str, Any]) -> dict[str, Fraction]:
    return {name: Fraction(text) for name, text in row.items()}
