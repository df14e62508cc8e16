"""The laws of bills: lines add up to the bill, bills to the rounded total, in every currency."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.allocation.disputes.domain import (
    Moved,
    check_amount,
    in_currency,
    own_amounts,
    state_after,
)
from services.allocation.engine.model import OwnAmount
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.statements.billing import Bill, Billing, OwnLine
from services.allocation.statements.domain import round_bills, round_lines, unit_price
from shared.errors import Conflict, RuleBroken
from shared.ids import new_id
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects, to_pool

DIGITS = {"JPY": 0, "EUR": 2, "KWD": 3}
units = st.one_of(st.integers(-5, 5), st.integers(-(10**4), 10**4), st.integers(-(2**55), 2**55))
bills = st.lists(st.lists(units, min_size=1, max_size=6), min_size=1, max_size=8)


@given(bills, st.sampled_from([1, 10, 1_000, 10_000, 10**6]))
def test_lines_add_up_to_bills_and_bills_to_the_total_rounded_once(
    parts: list[list[int]], step: int
) -> None:
    whole = np.array([sum(lines) for lines in parts], dtype=np.int64)
    coins = round_bills(whole, step)
    exact = Decimal(sum(whole.tolist())) / step
    assert sum(coins.tolist()) == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))
    each = np.array([one for lines in parts for one in lines], dtype=np.int64)
    place = np.repeat(np.arange(len(parts)), [len(lines) for lines in parts])
    rounded = round_lines(each, place, coins, step)
    for bill, coin in enumerate(coins.tolist()):
        assert sum(rounded[place == bill].tolist()) == coin
    for exact_units, found in zip(
        [*whole.tolist(), *each.tolist()], [*coins, *rounded], strict=True
    ):
        assert abs(int(found) * step - exact_units) < step
        assert int(found) * step == exact_units or exact_units % step


def test_the_largest_fractions_get_what_lacks_and_ties_go_to_the_first() -> None:
    third = np.array([3_333, 3_333, 3_334], dtype=np.int64)
    assert round_bills(third, 1_000).tolist() == [3, 3, 4]
    assert round_bills(np.array([500, 500, 500, 500]), 1_000).tolist() == [1, 1, 0, 0]
    assert round_bills(np.array([-400, -400, -400]), 1_000).tolist() == [0, 0, -1]


def test_no_bill_is_no_bill() -> None:
    assert round_bills(np.array([], dtype=np.int64), 100).tolist() == []


@pytest.mark.parametrize(
    ("amount", "quantity", "price"),
    [("10", "4", "2.5"), ("1", "3", "0.333333333333"), ("5", "0", None), ("1", "1e-30", None)],
)
def test_a_unit_price_is_amount_by_quantity(amount: str, quantity: str, price: str | None) -> None:
    found = unit_price(Decimal(amount), Decimal(quantity))
    assert found == (None if price is None else Decimal(price))


def test_without_a_quantity_there_is_no_price() -> None:
    assert unit_price(Decimal(10), None) is None


CONSUMERS = objects("C1", "C2", "C3", C2="C1")
MEMBERS = [*objects("P1", "R1", "S1", "S2"), *CONSUMERS]
SEATS = {"C2": "1", "C3": "4"}
TO_CONSUMERS = [
    to_pool(),
    mapping("pool", "pool_to_resource", target={"object": "R1"}, portion="90"),
    mapping(
        "direct", "pool_to_consumer", target={"shares": {"C1": "70", "C3": "30"}}, priority=200
    ),
    mapping("apps", "resource_to_solution", target={"shares": {"S1": "66.7", "S2": "33.3"}}),
    mapping("seats", "solution_to_consumer", source={"code": "S1"}, driver="seats"),
    mapping("even", "solution_to_consumer", source={"code": "S2"}),
]


def billed(amounts: Sequence[str], currency: str, *own: OwnAmount) -> tuple[RunResult, Billing]:
    rows = lines(*(({"currency": currency}, amount) for amount in amounts))
    digits = DIGITS[currency]
    taken = a_run(
        MEMBERS,
        TO_CONSUMERS,
        rows,
        driver("seats", SEATS),
        currency=currency,
        minor_digits=digits,
        own_amounts=own,
    )
    result = run_allocation(taken)
    return result, Billing(result, digits)


@given(
    st.lists(st.decimals("-10000", "10000", places=4).map(str), min_size=1, max_size=4),
    st.sampled_from(sorted(DIGITS)),
    st.lists(st.tuples(st.sampled_from(["C1", "C2", "C3"]), st.integers(-300, 300)), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_every_bill_of_a_run_adds_up_in_every_currency(
    amounts: list[str], currency: str, own: list[tuple[str, int]]
) -> None:
    extra = [OwnAmount("cost", "consumer", code, Decimal(units)) for code, units in own]
    result, billing = billed(amounts, currency, *extra)
    found = [(bill, list(bill.lines)) for bill in billing.bills()]
    coin = Decimal(1).scaleb(-DIGITS[currency])
    for bill, parts in found:
        assert sum(line.amount for line in parts) == bill.amount
        assert abs(bill.amount - bill.run_amount) < coin
        assert bill.amount == bill.amount.quantize(coin)
    total = result.totals["cost"].consumers.quantize(coin, ROUND_HALF_EVEN)
    assert sum(bill.amount for bill, _ in found) == billing.total == total


def test_a_line_per_object_with_the_quantity_that_stands_behind_it() -> None:
    _, billing = billed(["1000.00"], "EUR")
    (bill,) = [one for one in billing.bills() if one.consumer == "C3"]
    assert seen(bill) == [
        ("solution", "S1", "seats", "4", "480.24"),
        ("solution", "S2", None, None, "149.85"),
        ("pool", "P1", None, None, "30"),
    ]


def seen(bill: Bill) -> list[tuple[str, str, str | None, str | None, str]]:
    return [
        (
            line.layer,
            line.code,
            line.driver,
            None if line.quantity is None else f"{line.quantity.normalize():f}",
            f"{line.amount.normalize():f}",
        )
        for line in bill.lines
    ]


def test_a_bill_knows_its_place_in_the_tree() -> None:
    _, billing = billed(["1000.00"], "EUR")
    assert {bill.consumer: list(bill.path) for bill in billing.bills()} == {
        "C1": ["C1"],
        "C2": ["C1", "C2"],
        "C3": ["C3"],
    }


def test_corrections_are_lines_of_their_own_and_the_rest_is_named_too() -> None:
    own = OwnAmount("cost", "consumer", "C3", Decimal("-12.5"))
    result, _ = billed(["7.00"], "EUR", own)
    number = result.numbering.number("consumer", "C3")
    assert number is not None
    dispute = new_id()
    known = OwnLine(number, "correction", -12_000_000, {"en": "Correction"}, dispute)
    (bill,) = [one for one in Billing(result, 2, [known]).bills() if one.consumer == "C3"]
    last = list(bill.lines)[-2:]
    assert [(one.kind, one.amount, one.dispute) for one in last] == [
        ("correction", Decimal(-12), dispute),
        ("own", Decimal("-0.5"), None),
    ]


def moved(amount: str, currency: str = "EUR") -> Moved:
    return Moved(new_id(), "2026-01", "C1", "C2", Decimal(amount), currency)


@given(st.decimals("-100000", "100000", places=3), st.decimals("0.000001", "9999", places=6))
def test_a_correction_cancels_out_in_any_currency(amount: Decimal, rate: Decimal) -> None:
    (one,), missing = in_currency([moved(str(amount), "KWD")], "EUR", {"KWD": rate})
    consumer, counterparty = own_amounts([one])
    assert (consumer.code, counterparty.code, missing) == ("C1", "C2", [])
    assert consumer.amount == -counterparty.amount
    assert abs(counterparty.amount - amount * rate) <= Decimal("0.0000005")


def test_a_correction_without_a_rate_is_named() -> None:
    here, gone = in_currency([moved("1"), moved("2", "USD")], "EUR", {})
    assert [one.amount for one in here] == [Decimal(1)]
    assert [one.currency for one in gone] == ["USD"]


def test_a_dispute_goes_its_way_and_no_other() -> None:
    assert state_after("review", "open") == "in_review"
    assert state_after("uphold", "in_review") == "upheld"
    assert state_after("reject", "in_review") == "rejected"
    assert state_after("correct", "upheld") == "corrected"
    allowed = {"review": "open", "uphold": "in_review", "reject": "in_review", "correct": "upheld"}
    for action, needed in allowed.items():
        for state in {"open", "in_review", "upheld", "rejected", "corrected"} - {needed}:
            with pytest.raises(Conflict) as refused:
                state_after(action, state)
            assert refused.value.code == "wrong_state"


@pytest.mark.parametrize(
    ("amount", "digits", "code"),
    [("0", 2, "zero_amount"), ("1.001", 2, "too_many_digits"), ("0.5", 0, "too_many_digits")],
)
def test_amounts_are_whole_coins(amount: str, digits: int, code: str) -> None:
    check_amount(Decimal("1.50"), 2)
    with pytest.raises(RuleBroken) as refused:
        check_amount(Decimal(amount), digits)
    assert refused.value.code == code
