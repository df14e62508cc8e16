"""Simulations: what is moved again alone is exactly what a whole run with the changes says."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from services.allocation.engine.model import OwnAmount, RunInput
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.engine.storing.storage import dump_run, load_input, load_run
from services.allocation.engine.what_if.changes import (
    Change,
    DriverChange,
    MappingChange,
    MappingRemoval,
    PoolChange,
    change_drivers,
    in_proportion,
)
from services.allocation.engine.what_if.incremental import WarmRun
from services.allocation.engine.what_if.sensitivity import candidates
from services.allocation.engine.what_if.simulation import Effect, simulate_whole
from shared.errors import RuleBroken
from shared.money import from_units
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects, to_pool
from tests.unit.engine_models import mappings, runs

QUIET = [HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large]
DRIVER_CODES = ("x", "y", "room")
factors = st.sampled_from(["0", "0.5", "1", "1.01", "3", "0.333"]).map(Decimal)
numbers = st.decimals("-500", "500", places=2)


@st.composite
def changes(draw: st.DrawFn, taken: RunInput) -> list[Change]:
    """Changes that the run can take, now and then one that it cannot."""
    found: list[Change] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["driver", "driver", "mapping", "removal", "pool"]))
        if kind == "driver":
            found += draw(driver_changes(taken))
        elif kind == "pool":
            pool = draw(st.sampled_from(["P1", "P2"]))
            by_factor = draw(st.booleans())
            factor, amount = (draw(factors), None) if by_factor else (None, draw(numbers))
            found.append(PoolChange(pool, factor, amount))
        elif kind == "removal" and not any(isinstance(one, MappingRemoval) for one in found):
            codes = [spec.code for spec in taken.mappings][-4:]
            found.append(MappingRemoval(draw(st.sampled_from(codes))))
        elif kind == "mapping":
            spec = draw(st.sampled_from(draw(mappings())[-4:]))
            code = draw(st.sampled_from([spec.code, "added"]))
            found.append(MappingChange(replace(spec, code=code)))
    return found


@st.composite
def driver_changes(draw: st.DrawFn, taken: RunInput) -> list[Change]:
    """One change of a driver that some mapping uses, or none."""
    used = {spec.driver for spec in taken.mappings} | {"room"}
    code = draw(st.sampled_from([one for one in DRIVER_CODES if one in used]))
    known = taken.drivers[code].targets.values
    by_factor = draw(st.booleans())
    if known and by_factor:
        target = draw(st.sampled_from([*known, *known, None, "C1"]))
        return [DriverChange(code, target, factor=draw(factors))]
    target = draw(st.sampled_from([*known, "C1", "S2"]))
    source = draw(st.sampled_from([None, None, "R1"]))
    quantity = draw(st.decimals("0", "50", places=3))
    return [DriverChange(code, target, source, quantity=quantity)]


@st.composite
def simulations(draw: st.DrawFn) -> tuple[RunInput, list[Change]]:
    taken = draw(runs())
    own = st.builds(OwnAmount, st.just("cost"), st.just("pool"), st.just("P1"), numbers)
    more = draw(st.lists(own, max_size=1))
    taken = replace(taken, own_amounts=[*taken.own_amounts, *more])
    return taken, draw(changes(taken))


def a_result(taken: RunInput) -> RunResult:
    """A run; a model that the engine refuses is drawn again."""
    try:
        return run_allocation(taken)
    except RuleBroken:
        reject()


def outcome_of(simulate: Callable[..., Effect], *arguments: Any) -> Effect | str:
    try:
        return simulate(*arguments)
    except RuleBroken as broken:
        return broken.code


def same(first: Effect | str, second: Effect | str) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    return (
        np.array_equal(first.before, second.before)
        and np.array_equal(first.after, second.after)
        and first.sums_before == second.sums_before
        and first.sums_after == second.sums_after
    )


def is_exactly_a_whole_run(taken: RunInput, tried: list[Change]) -> None:
    result = a_result(taken)
    warm = WarmRun(taken, result)
    whole = outcome_of(simulate_whole, taken, result, tried)
    assert same(outcome_of(warm.simulate, tried), whole)
    assert same(outcome_of(warm.simulate, tried), whole)  # nothing of the first was left behind


@settings(max_examples=30, deadline=None, suppress_health_check=QUIET)
@given(simulations())
def test_moving_again_what_lies_downstream_is_exactly_a_whole_run(
    asked: tuple[RunInput, list[Change]],
) -> None:
    is_exactly_a_whole_run(*asked)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=QUIET)
@given(simulations())
def test_moving_again_is_exactly_a_whole_run_ten_thousand_times(
    asked: tuple[RunInput, list[Change]],
) -> None:
    is_exactly_a_whole_run(*asked)


@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
@given(simulations())
def test_a_stored_run_takes_changes_as_the_fresh_one_does(
    asked: tuple[RunInput, list[Change]],
) -> None:
    taken, tried = asked
    result = a_result(taken)
    stored: dict[str, list[bytes]] = {}
    for chunk in dump_run(taken, result):
        stored.setdefault(chunk.name, []).append(chunk.content)
    again = WarmRun(load_input(stored), load_run(stored))
    assert same(outcome_of(again.simulate, tried), outcome_of(simulate_whole, taken, result, tried))


def a_small_run() -> RunInput:
    """100.00 in one pool; by cores to two resources, by seats to two consumers."""
    return a_run(
        objects("P1", "R1", "R2", "C1", "C2"),
        [
            to_pool(),
            mapping("cores", "pool_to_resource", driver="cores"),
            mapping("seats", "resource_to_consumer", driver="seats"),
        ],
        lines(({"account": "a"}, "60"), ({"account": "b"}, "40.00")),
        driver("cores", {"R1": "3", "R2": "1"}),
        driver("seats", {("R1", "C1"): "1", ("R1", "C2"): "1", ("R2", "C2"): "5"}),
    )


def quantities(change: DriverChange) -> dict[tuple[str | None, str | None], Decimal]:
    taken = a_small_run()
    numbering = Numbering(taken.objects, taken.period)
    table = change_drivers(taken, numbering, [change])[change.driver]
    pairs = zip(table.sources.texts(), table.targets.texts(), strict=True)
    amounts = [from_units(one, table.decimals) for one in table.quantities.tolist()]
    return dict(zip(pairs, amounts, strict=True))


def test_a_quantity_of_several_sources_is_shared_out_in_proportion() -> None:
    changed = quantities(DriverChange("seats", "C2", quantity=Decimal(9)))
    assert changed == {("R1", "C1"): 1, ("R1", "C2"): Decimal("1.5"), ("R2", "C2"): Decimal("7.5")}


def test_a_change_of_one_source_leaves_the_others() -> None:
    changed = quantities(DriverChange("seats", "C2", "R1", factor=Decimal("2.5")))
    assert changed[("R1", "C2")] == Decimal("2.5")
    assert changed[("R2", "C2")] == 5


def test_a_quantity_for_a_target_without_one_is_added() -> None:
    changed = quantities(DriverChange("cores", "C1", quantity=Decimal("0.25")))
    assert changed == {(None, "R1"): 3, (None, "R2"): 1, (None, "C1"): Decimal("0.25")}


def test_a_driver_that_doubles_as_a_whole_moves_nothing() -> None:
    taken = a_small_run()
    effect = WarmRun(taken, run_allocation(taken)).simulate(
        [DriverChange("cores", factor=Decimal(2))]
    )
    assert np.array_equal(effect.before, effect.after)


def a_rate_on_money_that_cancels_out() -> RunInput:
    """10 and -10 reach R1 and R2 by cores; R1 charges C1 three seats at 2.00."""
    price = {"*": {"amount": "2", "currency": "EUR"}}
    return a_run(
        objects("P1", "R1", "R2", "C1"),
        [
            to_pool(),
            mapping("cores", "pool_to_resource", driver="cores"),
            mapping(
                "rate", "resource_to_consumer", source={"code": "R1"}, driver="seats", rates=price
            ),
        ],
        lines(({"account": "a"}, "10"), ({"account": "a"}, "-10")),
        driver("cores", {"R1": "1", "R2": "1"}),
        driver("seats", {"C1": "3"}),
    )


@pytest.mark.parametrize(("target", "bill"), [("R2", 6), ("R1", 0)])
def test_a_rate_is_charged_as_long_as_any_money_reaches_its_source(target: str, bill: int) -> None:
    taken = a_rate_on_money_that_cancels_out()
    warm = WarmRun(taken, run_allocation(taken))
    change = DriverChange("cores", target, quantity=Decimal(0))
    effect = warm.simulate([change])
    consumer = warm.result.numbering.number("consumer", "C1")
    assert consumer is not None
    assert from_units(effect.before[0, consumer], 6) == 6
    assert from_units(effect.after[0, consumer], 6) == bill
    assert same(effect, simulate_whole(taken, warm.result, [change]))


def test_one_changed_quantity_moves_what_a_reader_expects() -> None:
    taken = a_small_run()
    warm = WarmRun(taken, run_allocation(taken))
    effect = warm.simulate([DriverChange("cores", "R2", quantity=Decimal(2))])
    units = {one.code: place for place, one in enumerate(warm.result.numbering.objects)}
    after = {code: from_units(effect.after[0, place], 6) for code, place in units.items()}
    assert after == {"P1": 100, "R1": 60, "R2": 40, "C1": 30, "C2": 70}


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8),
    st.integers(0, 10**6),
    st.integers(1, 10**6),
)
def test_parts_in_proportion_add_up_and_stay_within_one_unit(
    parts: list[int], numerator: int, denominator: int
) -> None:
    scaled = in_proportion(parts, numerator, denominator)
    assert abs(sum(scaled) * denominator - sum(parts) * numerator) * 2 <= denominator
    for before, after in zip(parts, scaled, strict=True):
        assert abs(after * denominator - before * numerator) <= denominator


def test_the_strongest_causes_of_an_amount_come_first() -> None:
    result = run_allocation(a_small_run())
    number = result.numbering.number("consumer", "C1")
    assert number is not None
    found = candidates(result, number, 0, 10)
    named = {(one.pool, one.driver, one.target): round(one.gain / 10**6, 6) for one in found}
    assert named == {
        ("P1", None, None): 37.5,
        (None, "seats", "C1"): 18.75,
        (None, "seats", "C2"): -18.75,
        (None, "cores", "R1"): 9.375,
        (None, "cores", "R2"): -9.375,
    }
