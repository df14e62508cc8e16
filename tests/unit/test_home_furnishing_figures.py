"""How a published figure is read out of an answer and compared."""

from decimal import Decimal

import pytest

from cli.demo.home_furnishing.asking import Figure, read_answer
from cli.demo.home_furnishing.calendar import CASE_MONTH, FIRST_MONTH, LAST_YEAR, MONTHS
from cli.demo.home_furnishing.inventing.ledger import ledger_rows
from cli.demo.home_furnishing.inventing.plan import month_of
from shared.periods import period_range

ANSWER = {
    "items": [{"code": "a", "value": "0.1"}, {"code": "b", "value": "0.25"}],
    "figures": {"roi": {"value": "4"}},
    "verdict": "exceeded",
}


def figure(expected: str) -> Figure:
    return Figure("", "", "", "valuation", "/v1/x", "x", expected, "")


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ("figures.roi.value", Decimal(4)),
        ("items[code=b].value", Decimal("0.25")),
        ("sum items.value", Decimal("0.35")),
        ("sum items[code=a|b].value", Decimal("0.35")),
        ("sum items[code=a].value", Decimal("0.1")),
        ("verdict", "exceeded"),
    ],
)
def test_a_figure_is_read_where_the_path_leads(read: str, found: Decimal | str) -> None:
    assert read_answer(ANSWER, read) == found


def test_a_path_that_leads_nowhere_is_an_error() -> None:
    with pytest.raises((KeyError, IndexError)):
        read_answer(ANSWER, "items[code=c].value")


@pytest.mark.parametrize(
    ("expected", "found", "agrees"),
    [
        ("0.73", Decimal("0.7349"), True),
        ("0.73", Decimal("0.7351"), False),
        ("24.00", Decimal("24.03"), False),
        ("2000", Decimal("2000.4"), True),
        ("exceeded", "exceeded", True),
        ("exceeded", "met", False),
        ("4.00", "None", False),
    ],
)
def test_an_answer_agrees_when_it_rounds_to_what_is_expected(
    expected: str, found: Decimal | str, agrees: bool
) -> None:
    assert figure(expected).agrees(found) is agrees


def test_the_plan_is_spent_to_the_fen_in_the_ledger() -> None:
    rows = list(ledger_rows())[1:]
    for period in MONTHS:
        month = month_of(period)
        booked = [Decimal(row[-1]) for row in rows if row[1].startswith(period) and row[6]]
        assert sum(booked) == sum(month.resource(code) for code in month.use) + month.unknown


def test_the_e_commerce_channel_is_planned_at_twelve_times_a_month() -> None:
    def cost(period: str) -> int:
        month = month_of(period)
        return month.solution("online-store") + sum(month.online_sessions.values())

    assert (cost(FIRST_MONTH), cost(CASE_MONTH)) == (1_200_000, 1_200_000)
    year = [cost(period) for period in period_range(*LAST_YEAR)]
    assert sum(year) == 12 * 1_200_000
    assert len(set(year)) > 6
