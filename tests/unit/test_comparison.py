"""Why two runs differ: parts add up exactly, and the factor that changed carries the change."""

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.allocation.engine.comparing.comparison import (
    METHODS,
    Compared,
    Evaluation,
    Places,
    SplitDifferences,
    split_differences,
)
from services.allocation.engine.comparing.factors import FACTORS, MixedInputs, coarser
from services.allocation.engine.lines.classification import group_keys
from services.allocation.engine.model import (
    MappingSpec,
    ObjectSpec,
    OwnAmount,
    RunInput,
    StageSetting,
)
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from shared.errors import RuleBroken
from shared.money import from_units
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects, to_pool

Change = Callable[[RunInput, random.Random], RunInput]
CODES = {
    "R": ["R1", "R2", "R3"],
    "S": ["S1", "S2", "S3"],
    "C": ["C1", "C2", "C3"],
}

SAME_LAYER = 0.1
"""How many of the models solve simultaneous equations, which takes longer."""


def some_lines(
    dice: random.Random, amounts: list[str] | None = None
) -> list[tuple[dict[str, str], str]]:
    """The same lines each time, with these amounts."""
    fields = [
        {
            "account": str(place % 3),
            "tags.app": f"S{place % 4}",
            "currency": ["EUR", "USD"][place % 2],
        }
        for place in range(6)
    ]
    return list(zip(fields, amounts or [an_amount(dice) for _ in fields], strict=True))


def an_amount(dice: random.Random) -> str:
    return str(Decimal(dice.randint(-20_000, 200_000)).scaleb(-2))


def some_quantities(dice: random.Random, codes: list[str]) -> dict[object, str]:
    found: dict[object, str] = {code: str(dice.randint(1, 9)) for code in codes}
    return found | {("S1", code): str(dice.randint(0, 5)) for code in codes[:2]}


def a_model(dice: random.Random) -> RunInput:
    """Pools to consumers with drivers, shares, portions, a skip-layer charge, two currencies."""
    members = [
        *objects("P1", "P2", "R1", "R2", "R3", "S1", "S2", "S3", "C1", "C2", "C3", R3="R2"),
    ]
    specs = [
        mapping("in", "line_to_pool", target={"object": "P1"}, source={"account": ["0", "1"]}),
        mapping("rest", "line_to_pool", target={"object": "P2"}, source={"account": "2"}),
        mapping("app", "pool_to_solution", target={"field": "tags.app"}, portion="30", priority=1,
                source={"code": "P1"}),
        mapping("p", "pool_to_resource", driver="x", target={}, priority=2),
        mapping("r", "resource_to_solution", driver="y", target={}, portion="70", priority=1),
        mapping("r2", "resource_to_consumer", target={"shares": {"C1": "60", "C2": "40"}}),
        mapping("room", "resource_to_solution", driver="y", method="capacity", priority=0,
                capacity_driver="room", source={"code": "R3"}),
        mapping("price", "solution_to_consumer", driver="z", method="rate", priority=1,
                source={"code": "S1"}, rates={"*": {"amount": "1.5", "currency": "USD"}}),
        mapping("most", "solution_to_consumer", driver="z", priority=1, source={"code": "S2"},
                cap={"*": {"amount": "400", "currency": "EUR"}}),
        mapping("s", "solution_to_consumer", driver="z", target={"tags.open": {"exists": False}}),
    ]  # fmt: skip
    if dice.random() < SAME_LAYER:
        among = {"source": {"code": ["S1", "S2"]}, "driver": "y", "portion": "40"}
        specs.append(mapping("w", "solution_to_solution", **among))
    tables = [
        driver(name, some_quantities(dice, CODES[on]))
        for name, on in zip("xyz", "RSC", strict=True)
    ]
    room = {code: str(dice.randint(1, 40)) for code in ("R1", "R3")}
    tables.append(driver("room", room))
    own = [
        OwnAmount("kwh", "resource", "R1", Decimal(dice.randint(0, 900)).scaleb(-1)),
        OwnAmount("cost", "resource", "R2", Decimal(dice.randint(-900, 900)).scaleb(-2)),
    ]
    rate = Decimal(dice.randint(1, 999_999)).scaleb(-6)
    groups = lines(*some_lines(dice))
    fields = {"rates": {"USD": rate}, "own_amounts": own, "measures": ("cost", "kwh")}
    return a_run(members, specs, groups, *tables, **fields)


def other_lines(taken: RunInput, dice: random.Random) -> RunInput:
    return replace(taken, groups=lines(*some_lines(dice)))


def other_own_amount(taken: RunInput, dice: random.Random) -> RunInput:
    own = [replace(one, amount=one.amount + dice.randint(1, 9)) for one in taken.own_amounts]
    return replace(taken, own_amounts=own)


def other_rate(taken: RunInput, dice: random.Random) -> RunInput:
    return replace(taken, rates={"USD": Decimal(dice.randint(1, 999_999)).scaleb(-6)})


def other_total(taken: RunInput, dice: random.Random) -> RunInput:
    code = dice.choice(sorted(taken.drivers))
    table = taken.drivers[code]
    grown = replace(table, quantities=table.quantities * dice.choice([3, 7]))
    return replace(taken, drivers={**taken.drivers, code: grown})


def other_shares(taken: RunInput, dice: random.Random) -> RunInput:
    """Move some of a driver's quantity from one target to another."""
    code = dice.choice("xyz")
    table = taken.drivers[code]
    moved = table.quantities.copy()
    moved[0] += moved[1]
    moved[1] = 0
    return replace(taken, drivers={**taken.drivers, code: replace(table, quantities=moved)})


def with_mapping(taken: RunInput, code: str, **fields: Any) -> RunInput:
    return replace(
        taken,
        mappings=[replace(one, **fields) if one.code == code else one for one in taken.mappings],
    )


def other_mapping(taken: RunInput, dice: random.Random) -> RunInput:
    choices: list[Callable[[], RunInput]] = [
        lambda: with_mapping(taken, "app", portion=Decimal(dice.randint(1, 100))),
        lambda: with_mapping(taken, "app", priority=3),
        lambda: with_mapping(taken, "r", portion=Decimal(dice.randint(1, 100))),
        lambda: with_mapping(taken, "r2", target={"shares": {"C1": "10", "C3": "90"}}),
        lambda: with_mapping(
            taken, "p", source={"cost_type": {"exists": False}, "currency": "EUR"}
        ),
        lambda: replace(taken, mappings=[one for one in taken.mappings if one.code != "app"]),
        lambda: replace(taken, stages={"solution_to_solution": StageSetting("step_down")}),
    ]
    return dice.choice(choices)()


def with_object(taken: RunInput, code: str, **fields: Any) -> RunInput:
    return replace(
        taken,
        objects=[replace(one, **fields) if one.code == code else one for one in taken.objects],
    )


def other_objects(taken: RunInput, dice: random.Random) -> RunInput:
    choices: list[Callable[[], RunInput]] = [
        lambda: with_object(taken, "C2", tags={"open": "no"}),
        lambda: with_object(taken, "C3", parent="C1"),
        lambda: with_object(taken, "R1", valid_to="2025-12"),
        lambda: replace(taken, objects=[*taken.objects, ObjectSpec("consumer", "C4", "C2")]),
        lambda: replace(taken, objects=[one for one in taken.objects if one.code != "S2"]),
    ]
    return dice.choice(choices)()


CHANGES: dict[str, list[Change]] = {
    "spend": [other_lines, other_own_amount],
    "exchange_rate": [other_rate],
    "volume": [other_total],
    "driver_mix": [other_shares],
    "mapping": [other_mapping],
    "taxonomy": [other_objects],
}


def as_run(taken: RunInput) -> RunResult:
    """The run that the service would have made: grouped by what its own mappings look at."""
    active = [one for one in taken.mappings if (one.valid_to or "9999-12") >= taken.period]
    return run_allocation(
        replace(taken, groups=coarser(taken.groups, group_keys(active, taken.period)))
    )


def compared(
    base: RunInput, new: RunInput, method: str
) -> tuple[Evaluation, Places, dict[str, Compared]]:
    inputs = MixedInputs(base, new)
    places = Places(*inputs.objects)
    ends = (places.of_result(as_run(base)), places.of_result(as_run(new)))
    evaluation = Evaluation(inputs, ends, places, run_allocation)
    return evaluation, places, split_differences(evaluation, method)


def of(found: Compared, places: Places, layer: str, code: str | None) -> dict[str, Decimal]:
    """The parts of one place that are not zero, and its difference."""
    row, split = places.row((layer, code)), found.places
    parts = {
        name: Decimal(int(part[row])).scaleb(-split.decimals) for name, part in split.parts.items()
    }
    return {name: part for name, part in parts.items() if part}


def assert_adds_up(split: SplitDifferences) -> None:
    assert list(split.parts) == list(FACTORS)
    assert (sum(split.parts.values()) == split.after - split.before).all()


@given(st.integers(0, 2**32), st.sampled_from(FACTORS), st.sampled_from(METHODS))
@settings(max_examples=200, deadline=None)
def test_the_one_factor_that_changed_carries_the_whole_difference(
    seed: int, factor: str, method: str
) -> None:
    dice = random.Random(seed)
    base = a_model(dice)
    new = replace(dice.choice(CHANGES[factor])(base, dice), period="2026-02")
    _, _, found = compared(base, new, method)
    for split in (part for one in found.values() for part in (one.places, one.totals)):
        assert_adds_up(split)
        assert (split.parts[factor] == split.after - split.before).all()


@given(st.integers(0, 2**32), st.sets(st.sampled_from(FACTORS), min_size=2))
@settings(max_examples=40, deadline=None)
def test_the_parts_of_many_changes_add_up_for_every_object_and_total(
    seed: int, factors: set[str]
) -> None:
    dice = random.Random(seed)
    base = a_model(dice)
    new = replace(base, period="2026-02")
    for factor in sorted(factors):
        new = dice.choice(CHANGES[factor])(new, dice)
    method = "shapley" if len(factors) < 4 else "sequence"
    evaluation, _, found = compared(base, new, method)
    assert set(evaluation.changed) <= factors
    for one in found.values():
        for split in (one.places, one.totals):
            assert_adds_up(split)
            for factor in set(FACTORS) - factors:
                assert not split.parts[factor].any()


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_no_factor_and_all_factors_replaced_are_the_two_runs_themselves(seed: int) -> None:
    dice = random.Random(seed)
    base = a_model(dice)
    new = base
    for changes in CHANGES.values():
        new = dice.choice(changes)(new, dice)
    new = replace(new, period="2026-02")
    inputs = MixedInputs(base, new)
    places = Places(*inputs.objects)
    for replaced, taken in (((), base), (FACTORS, new)):
        mixed, alone = run_allocation(inputs.of(replaced)), as_run(taken)
        for measure, figures in places.of_result(mixed).items():
            assert figures.equals(places.of_result(alone)[measure])


def two_consumers(amount: str, east: str, west: str) -> RunInput:
    use = mapping("use", "pool_to_consumer", driver="d", target={})
    table = driver("d", {"C1": east, "C2": west})
    return a_run(objects("P1", "C1", "C2"), [to_pool(), use], lines(({}, amount)), table)


def test_in_sequence_each_factor_comes_after_those_before_it() -> None:
    base, new = two_consumers("100", "1", "1"), two_consumers("200", "1", "3")
    evaluation, places, found = compared(base, new, "sequence")
    assert evaluation.changed == ("spend", "driver_mix")
    assert of(found["cost"], places, "consumer", "C1") == {
        "spend": Decimal(50),
        "driver_mix": Decimal(-50),
    }


def test_shapley_is_the_average_over_all_orders() -> None:
    """Spend alone gives C1 100, the mix alone 25: (50 + 25) / 2 and (-25 - 50) / 2."""
    base, new = two_consumers("100", "1", "1"), two_consumers("200", "1", "3")
    _, places, found = compared(base, new, "shapley")
    assert of(found["cost"], places, "consumer", "C1") == {
        "spend": Decimal("37.5"),
        "driver_mix": Decimal("-37.5"),
    }


def test_lines_set_aside_for_lack_of_a_rate_come_with_the_rate() -> None:
    members, specs = objects("P1", "C1"), [to_pool(), mapping("c", "pool_to_consumer", target={})]
    groups = lines(({}, "10"), ({"currency": "USD"}, "30"))
    base = a_run(members, specs, groups, on_missing_rate="set_aside")
    new = replace(base, rates={"USD": Decimal("0.5")}, on_missing_rate="refuse")
    _, places, found = compared(base, new, "shapley")
    assert of(found["cost"], places, "consumer", "C1") == {"exchange_rate": Decimal(15)}


def test_a_currency_that_only_one_run_has_is_spend() -> None:
    members, specs = objects("P1", "C1"), [to_pool(), mapping("c", "pool_to_consumer", target={})]
    base = a_run(members, specs, lines(({}, "10")))
    groups = lines(({}, "10"), ({"currency": "USD"}, "30"))
    new = replace(base, groups=groups, rates={"USD": Decimal("0.5")})
    for one, other, part in ((base, new, 15), (new, base, -15)):
        _, places, found = compared(one, other, "shapley")
        assert of(found["cost"], places, "consumer", "C1")["spend"] == part


def test_more_decimals_in_one_run_do_not_disturb_the_sum() -> None:
    base, new = two_consumers("100", "1", "2"), two_consumers("100.12345678", "2", "1")
    _, places, found = compared(base, new, "sequence")
    assert found["cost"].places.decimals == 8
    assert_adds_up(found["cost"].places)
    assert of(found["cost"], places, "pool", "P1") == {"spend": Decimal("0.12345678")}


def test_a_mixture_that_cannot_be_run_is_refused_by_name() -> None:
    base, new = two_consumers("100", "1", "1"), two_consumers("200", "1", "3")
    inputs = MixedInputs(base, new)
    places = Places(*inputs.objects)
    ends = (places.of_result(as_run(base)), places.of_result(as_run(new)))

    def refusing(taken: RunInput) -> RunResult:
        raise RuleBroken("S1 and S2 only pay each other", code="closed_loop")

    with pytest.raises(RuleBroken, match="with spend of the run") as refused:
        split_differences(Evaluation(inputs, ends, places, refusing), "sequence")
    assert refused.value.code == "mixed_run_refused"
    assert [error.code for error in refused.value.errors] == ["closed_loop"]


def quantities_of(taken: RunInput, code: str) -> dict[str | None, Decimal]:
    (table,) = (one for name, one in taken.drivers.items() if name.startswith(code))
    whole = zip(table.targets.texts(), table.quantities.tolist(), strict=True)
    return {target: from_units(quantity, table.decimals) for target, quantity in whole}


def test_quantities_that_count_keep_the_shares_of_one_run_and_the_total_of_the_other() -> None:
    prices = {"*": {"amount": "1", "currency": "EUR"}}
    use = MappingSpec("use", "pool_to_consumer", "rate", {}, driver="d", rates=prices)
    members, groups = objects("P1", "C1", "C2"), lines(({}, "100"))
    base = a_run(members, [to_pool(), use], groups, driver("d", {"C1": "1", "C2": "2"}))
    new = replace(base, drivers={"d": driver("d", {"C1": "8", "C2": "4.5"})})
    inputs = MixedInputs(base, new)
    assert inputs.changed == ("volume", "driver_mix")
    third = Decimal("12.5") / 3
    assert quantities_of(inputs.of(["volume"]), "d") == {
        "C1": third.quantize(Decimal("1E-18")),
        "C2": (2 * third).quantize(Decimal("1E-18")),
    }
    assert quantities_of(inputs.of([]), "d") == {"C1": 1, "C2": 2}
    assert quantities_of(inputs.of(FACTORS), "d") == {"C1": 8, "C2": Decimal("4.5")}


def test_a_capacity_is_volume() -> None:
    use = MappingSpec(
        "use", "resource_to_consumer", "capacity", {}, driver="d", capacity_driver="room"
    )
    tables = driver("d", {"C1": "1"}), driver("room", {"R1": "4", "R2": "6"})
    base = a_run(objects("P1", "R1", "R2", "C1"), [to_pool(), use], lines(({}, "100")), *tables)
    new = replace(base, drivers={**base.drivers, "room": driver("room", {"R1": "4", "R2": "9"})})
    assert MixedInputs(base, new).changed == ("volume",)
