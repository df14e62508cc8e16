"""The settled stage against exact rational arithmetic, with amounts and weights at their limits."""

import json
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.allocation.engine.flows.patterns import Patterns
from services.allocation.engine.flows.waterfall import WHOLE, Takings
from services.allocation.engine.run import run_allocation
from services.allocation.engine.same_layer.settling import CannotSettle, GrossTooLarge, settle
from services.allocation.engine.same_layer.spreading import Spreading
from services.allocation.engine.storing.storage import dump_run, load_input, load_run
from services.allocation.engine.tracing.trace import trace_back
from tests.unit.engine_builders import a_run, at_consumers, lines, mapping, objects

LARGE = 2**58


@st.composite
def stages(draw: st.DrawFn) -> tuple[list[list[int]], list[int], list[int]]:
    """Weights[source][target], portions, amounts: sources are the first of the objects."""
    count = draw(st.integers(2, 5))
    sources = draw(st.integers(1, count - 1))
    weight = st.integers(0, 2**40) | st.sampled_from([0, 1, 2**40])
    row = st.lists(weight, min_size=count, max_size=count).filter(any)
    weights = draw(st.lists(row, min_size=sources, max_size=sources))
    portions = [draw(st.sampled_from([WHOLE, WHOLE, WHOLE // 3, 1])) for _ in weights]
    amount = st.integers(-LARGE, LARGE) | st.integers(-5, 5)
    return weights, portions, draw(st.lists(amount, min_size=count, max_size=count))


def spreading_of(weights: list[list[int]], portions: list[int], count: int) -> Spreading:
    widths = [sum(weight > 0 for weight in row) for row in weights]
    edges = [(target, weight) for row in weights for target, weight in enumerate(row) if weight]
    numbers = np.arange(len(weights), dtype=np.int32)
    zeros = np.zeros(len(weights), dtype=np.int32)
    takings = Takings(numbers, zeros, numbers, zeros, np.array(portions, dtype=np.int64))
    patterns = Patterns(
        firsts=np.cumsum([0, *widths]).astype(np.int64),
        targets=np.array([target for target, _ in edges], dtype=np.int32),
        weights=np.array([weight for _, weight in edges], dtype=np.int64),
        grades=np.zeros(len(weights), dtype=np.int8),
        decimals=np.zeros(len(weights), dtype=np.int8),
        big={},
    )
    return Spreading.of(takings, patterns, 0, count)


def exact_gross(
    weights: list[list[int]], portions: list[int], amounts: Sequence[int]
) -> list[Fraction]:
    """gross = base + shares of gross, by elimination in rational numbers."""
    count = len(amounts)
    table = [
        [Fraction(int(i == j)) for j in range(count)] + [Fraction(amounts[i])] for i in range(count)
    ]
    for source, row in enumerate(weights):
        for target, weight in enumerate(row):
            table[target][source] -= Fraction(portions[source], WHOLE) * Fraction(weight, sum(row))
    for place in range(count):
        pivot = next(row for row in range(place, count) if table[row][place])
        table[place], table[pivot] = table[pivot], table[place]
        table[place] = [value / table[place][place] for value in table[place]]
        for row in range(count):
            if row != place and table[row][place]:
                factor = table[row][place]
                pairs = zip(table[row], table[place], strict=True)
                table[row] = [value - factor * pivoted for value, pivoted in pairs]
    return [row[-1] for row in table]


@settings(max_examples=150, deadline=None)
@given(stages())
def test_gross_amounts_are_within_a_few_units_of_exact_and_balance_to_the_unit(
    case: tuple[list[list[int]], list[int], list[int]],
) -> None:
    weights, portions, amounts = case
    spreading = spreading_of(weights, portions, len(amounts))
    try:
        settled = settle(spreading, np.array([amounts], dtype=np.int64))
    except (CannotSettle, GrossTooLarge):
        return
    exact = exact_gross(weights, portions, amounts)
    rounds = exact_gross(weights, portions, [1] * len(amounts))  # a unit of rounding circles too
    for found, value, often in zip(settled.gross[0].tolist(), exact, rounds, strict=True):
        assert abs(found - value) <= 2 * often
    received = np.zeros(len(amounts), dtype=np.int64)
    np.add.at(received, spreading.targets, settled.parts[0])
    assert (settled.gross[0] == np.array(amounts) + received).all()
    sent = np.zeros(len(amounts), dtype=np.int64)
    np.add.at(sent, spreading.sources, settled.parts[0])
    whole = [place for place, portion in enumerate(portions) if portion == WHOLE]
    assert (sent[whole] == settled.gross[0][whole]).all()


def test_a_run_stored_before_there_were_stages_still_answers() -> None:
    rules = [
        mapping("in", "line_to_pool", target={"object": "P1"}),
        mapping("r", "pool_to_resource", target={"object": "R1"}),
        mapping("c", "resource_to_consumer", target={"shares": {"C1": "60", "C2": "40"}}),
    ]
    taken = a_run(objects("P1", "R1", "C1", "C2"), rules, lines(({"account": "1"}, "10")))
    fresh = run_allocation(taken)
    stored: dict[str, list[bytes]] = {}
    for chunk in dump_run(taken, fresh):
        stored.setdefault(chunk.name, []).append(chunk.content)
    head = json.loads(stored["input.head"][0])
    del head["stages"]
    stored["input.head"] = [json.dumps({**head, "format": 1}).encode()]
    loaded = load_run(stored)
    assert at_consumers(loaded) == at_consumers(fresh)
    number = loaded.numbering.number("consumer", "C1")
    assert number is not None
    assert trace_back(loaded, number, "line") == trace_back(fresh, number, "line")
    assert run_allocation(load_input(stored)).fingerprint == fresh.fingerprint
