"""Traces of a large run: each adds up exactly in itself, both directions agree, all are quick."""

import os
import random
import time
from dataclasses import dataclass
from statistics import quantiles

import pytest

from bench.large_model import Size, fill
from bench.whole_run import run_once
from services.allocation.engine.model import LAYERS
from services.allocation.engine.result import RunResult
from services.allocation.engine.tracing.trace import OBJECT, trace_back, trace_forward
from services.allocation.runs import repository
from services.allocation.runs.line_index import LineIndex
from services.allocation.runs.loaded import lines_of, loaded_runs
from shared.database import new_session

AGREE_WITHIN_UNITS = 2
LINE_DRILL_SECONDS = 0.5


@dataclass(frozen=True)
class LargeRun:
    """A finished run over the made company, and its lines."""

    result: RunResult
    lines: LineIndex

    def some_object(self, layer: str, chance: random.Random) -> int:
        """The number of any object of a layer."""
        members = self.result.numbering.layers[layer]
        return chance.randrange(members.first, members.first + len(members))


def a_large_run(size: Size) -> LargeRun:
    fill(os.environ["BTIM_TEST_SUPERUSER_URL"], size)
    run_id = run_once().run_id
    with new_session() as session:
        run = repository.get_run(session, run_id)
        return LargeRun(loaded_runs.get(session, run), lines_of(session, run))


@pytest.fixture(scope="module")
def small(database: str) -> LargeRun:
    return a_large_run(Size(0.03))


@pytest.fixture(scope="module")
def large(database: str) -> LargeRun:
    return a_large_run(Size(1.0))


def every_figure_adds_up(run: LargeRun, figures: int) -> None:
    """Trace random figures either way, any far."""
    chance = random.Random(figures)
    for _ in range(figures):
        layer = chance.choice(LAYERS[1:])
        number = run.some_object(layer, chance)
        if layer == "pool" or (layer != "consumer" and chance.random() < 0.3):
            later = LAYERS[LAYERS.index(layer) + 1 :]
            trace = trace_forward(run.result, number, chance.choice(later))
        else:
            to = chance.choice(LAYERS[: LAYERS.index(layer)])
            trace = trace_back(run.result, number, to, lines=run.lines.amounts)
        assert trace.units == run.result.balances.holding[0, number]
        assert sum(one.units for one in trace.contributions) == trace.units


def both_directions_agree(run: LargeRun, pairs: int) -> None:
    """What consumers have from a pool is what the pool gave them, within two units."""
    chance = random.Random(pairs)
    for _ in range(pairs):
        source = run.some_object("pool", chance)
        forward = trace_forward(run.result, source, "consumer").contributions
        given = {one.place: one.units for one in forward if one.kind == OBJECT}
        consumer = chance.choice(sorted(given))
        back = trace_back(run.result, consumer, "pool").contributions
        (got,) = [one.units for one in back if (one.kind, one.place) == (OBJECT, source)]
        assert abs(got - given[consumer]) <= AGREE_WITHIN_UNITS


def test_a_hundred_figures_of_a_run_add_up_exactly(small: LargeRun) -> None:
    every_figure_adds_up(small, 100)


def test_forward_and_back_agree_within_two_units(small: LargeRun) -> None:
    both_directions_agree(small, 20)


def test_the_lines_of_a_run_add_up_to_its_groups(small: LargeRun) -> None:
    result, amounts = small.result, small.lines.amounts
    assert len(amounts.units) == result.counts["lines"]
    sums = [0] * len(result.groups)
    for group, units in zip(amounts.groups.tolist(), amounts.units.tolist(), strict=True):
        sums[group] += units
    assert sums == result.group_units.tolist()


@pytest.mark.slow
def test_a_thousand_figures_of_a_large_run_add_up_exactly(large: LargeRun) -> None:
    every_figure_adds_up(large, 1_000)


@pytest.mark.slow
def test_forward_and_back_agree_in_a_large_run(large: LargeRun) -> None:
    both_directions_agree(large, 200)


@pytest.mark.slow
def test_a_drill_to_a_million_lines_takes_half_a_second(large: LargeRun) -> None:
    chance, took = random.Random(1), []
    for _ in range(40):
        number = large.some_object("consumer", chance)
        began = time.perf_counter()
        shown = trace_back(large.result, number, "line", lines=large.lines.amounts)
        assert len(shown.contributions[:100]) == 100
        took.append(time.perf_counter() - began)
    assert quantiles(took, n=20, method="inclusive")[-1] <= LINE_DRILL_SECONDS
