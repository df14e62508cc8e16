"""The laws of a run on ten thousand random models: the slow twin of the laws' tests."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.allocation.engine.model import RunInput
from tests.unit.engine_laws import (
    answers_when_stored,
    balances_exactly,
    ignores_order,
    lines_agree,
    mirrors_credits,
    traces_add_up,
)
from tests.unit.engine_models import runs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "examples"),
    [
        (balances_exactly, 3_000),
        (mirrors_credits, 1_500),
        (traces_add_up, 2_000),
        (lines_agree, 1_500),
        (answers_when_stored, 1_000),
    ],
)
def test_a_law_holds_for_thousands_of_models(
    law: Callable[[RunInput], None], examples: int
) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(runs())
    def holds(taken: RunInput) -> None:
        law(taken)

    holds()


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(runs(), st.randoms(use_true_random=False))
def test_no_order_matters_in_a_thousand_models(taken: RunInput, random: object) -> None:
    ignores_order(taken, random.shuffle)  # type: ignore[attr-defined]
