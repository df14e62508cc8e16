"""The laws of a run on small random models: nothing lost, no order matters, traces add up."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.allocation.engine.model import ObjectSpec, RunInput
from services.allocation.engine.run import run_allocation
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects
from tests.unit.engine_laws import (
    answers_when_stored,
    balances_exactly,
    ignores_order,
    lines_agree,
    mirrors_credits,
    traces_add_up,
)
from tests.unit.engine_models import runs


def usual(examples: int) -> settings:
    """Settings of a law: models with loops that money never leaves are drawn again."""
    quiet = [HealthCheck.filter_too_much, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=quiet)


@usual(60)
@given(runs())
def test_every_object_passes_on_or_keeps_exactly_what_it_got(taken: RunInput) -> None:
    balances_exactly(taken)


@usual(20)
@given(runs(), st.randoms(use_true_random=False))
def test_the_order_of_rows_objects_and_mappings_does_not_matter(
    taken: RunInput, random: object
) -> None:
    ignores_order(taken, random.shuffle)  # type: ignore[attr-defined]


@usual(20)
@given(runs())
def test_a_credit_mirrors_the_charge_of_the_same_size(taken: RunInput) -> None:
    mirrors_credits(taken)


@usual(25)
@given(runs())
def test_a_trace_adds_up_to_the_figure_and_agrees_in_both_directions(taken: RunInput) -> None:
    traces_add_up(taken)


@usual(20)
@given(runs())
def test_lines_traced_forward_and_bills_traced_back_to_lines_agree(taken: RunInput) -> None:
    lines_agree(taken)


@usual(15)
@given(runs())
def test_a_stored_run_answers_like_the_fresh_one(taken: RunInput) -> None:
    answers_when_stored(taken)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_number_of_threads_does_not_matter(
    threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = objects("P1", *(f"R{place}" for place in range(400)))
    rows = [({"account": str(place)}, f"{place}.37") for place in range(300)]
    weights = {f"R{place}": str(place % 7 + 1) for place in range(400)}
    rules = [
        mapping("all", "line_to_pool", target={"object": "P1"}),
        mapping("x", "pool_to_resource", driver="x", source={"account": {"ne": "no"}}),
    ]
    taken = a_run(members, rules, lines(*rows), driver("x", weights))
    monkeypatch.setenv("BTIM_ENGINE_THREADS", "2")
    expected = run_allocation(taken)
    monkeypatch.setenv("BTIM_ENGINE_THREADS", threads)
    assert run_allocation(taken).output_hash == expected.output_hash


def test_objects_of_another_period_take_no_part() -> None:
    members = [*objects("P1", "R1"), ObjectSpec("resource", "R2", valid_from="2026-02")]
    rules = [
        mapping("all", "line_to_pool", target={"object": "P1"}),
        mapping("even", "pool_to_resource", target={}),
    ]
    result = run_allocation(a_run(members, rules, lines(({}, "10"))))
    assert result.totals["cost"].unallocated == Decimal(10)
    assert [one.code for one in result.numbering.objects] == ["P1", "R1"]
