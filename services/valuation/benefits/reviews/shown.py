"""A review's kept figures as callers see them; addresses carry the gateway's prefix."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args
from urllib.parse import quote

from services.valuation.benefits.reviews.retrospect import DECISION_RULE
from services.valuation.investments.run_costs.domain import AllocatedCost, RunCost
from services.valuation.investments.run_costs.workflow import run_cost_note
from services.valuation.measures.value_kpis.domain import round_fraction
from shared.contracts.valuation.evaluations import RunCostNote
from shared.contracts.valuation.initiatives import Level
from shared.contracts.valuation.reviews import (
    LevelSummary,
    ReviewCost,
    ReviewDecision,
    ReviewResult,
    ReviewSatisfaction,
    UseResult,
)
from shared.contracts.values import name_in
from shared.http.links import href
from shared.tables.valuation.initiatives import Initiative

Kept = Mapping[str, Any]
_SINCE_ENTERED_BY_HAND = {"id": None, "names": None, "manual": False, "source": None}
"""What results lack that were kept before results could be entered by hand."""


def shown_results(results: Sequence[Kept], language: str) -> list[ReviewResult]:
    """Results with names in the caller's language."""
    return [_result(_SINCE_ENTERED_BY_HAND | dict(kept), language) for kept in results]


def _result(kept: dict[str, Any], language: str) -> ReviewResult:
    return ReviewResult.model_validate(_named(kept, language) | {"evidence": _evidence(kept)})


def _named(kept: Kept, language: str) -> dict[str, Any]:
    names = kept["names"]
    rest = {field: value for field, value in kept.items() if field != "names"}
    return rest | {"name": name_in(names, language) if names else None}


def _evidence(kept: Kept) -> list[str]:
    return [href(each) if each.startswith("/") else each for each in kept["evidence"]]


def sum_levels(results: Sequence[Kept]) -> list[LevelSummary]:
    """The three levels in their order, each with how much of it was reached."""
    return [
        _sum_level(level, [kept for kept in results if kept["level"] == level])
        for level in get_args(Level)
    ]


def _sum_level(level: Level, results: Sequence[Kept]) -> LevelSummary:
    shares = [Fraction(Decimal(kept["attainment"])) for kept in results if kept["attainment"]]
    return LevelSummary(
        level=level,
        results=len(results),
        measured=sum(kept["actual"] is not None for kept in results),
        met=sum(kept["verdict"] in {"met", "exceeded"} for kept in results),
        attainment=round_fraction(sum(shares, Fraction(0)) / len(shares)) if shares else None,
    )


def shown_run_cost(kept: Kept | None, initiative: Initiative, language: str) -> RunCostNote | None:
    """The allocated cost of a row."""
    if kept is None:
        return None
    runs = [AllocatedCost(**{**run, "amount": Decimal(run["amount"])}) for run in kept["runs"]]
    return run_cost_note(RunCost(kept["code"], runs), initiative.solution, 0, language)


def shown_cost(kept: Kept | None) -> ReviewCost | None:
    """Planned and actual money."""
    if kept is None:
        return None
    return ReviewCost.model_validate({**kept, "evidence": _evidence(kept)})


def shown_decision(kept: Kept | None, language: str) -> ReviewDecision | None:
    """The judged decision with its rule."""
    if kept is None:
        return None
    return ReviewDecision.model_validate(
        {**kept, "rule": DECISION_RULE[language], "evidence": _evidence(kept)}
    )


def shown_adoption(kept: Sequence[Kept] | None, language: str) -> list[UseResult]:
    """How far outputs are used."""
    return [
        UseResult.model_validate(_named(each, language) | {"evidence": _evidence(each)})
        for each in kept or ()
    ]


def shown_satisfaction(kept: Kept | None) -> ReviewSatisfaction | None:
    """What users said, and where their answers are."""
    if kept is None:
        return None
    address = f"/v1/feedback/statistics?solution={quote(kept['solution'], safe='')}"
    months = f"&from={kept['from']}&to={kept['to']}"
    return ReviewSatisfaction.model_validate({**kept, "evidence": [href(address + months)]})
