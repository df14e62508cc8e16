"""The figures of a case: taken from an approved review once, and shown ever after."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.valuation.benefits.reviews.shown import (
    shown_adoption,
    shown_cost,
    shown_decision,
    shown_results,
)
from services.valuation.measures.value_kpis.domain import round_fraction
from shared.audit.trail import sha256_of
from shared.contracts.valuation.cases import CaseFigures
from shared.contracts.values import decimal_to_text
from shared.tables.valuation.reviews import PostImplementationReview

Kept = Mapping[str, Any]


def freeze_figures(review: PostImplementationReview) -> dict[str, Any]:
    """What the review says, with a hash of it."""
    said = {
        "due_on": review.due_on.isoformat(),
        "approved_at": review.approved_at.isoformat() if review.approved_at else None,
        "results": review.results,
        "cost": review.cost,
        "decision": review.decision,
        "adoption": review.adoption or [],
        "money": sum_money(review.results, review.extra_benefits),
    }
    return said | {"review_sha256": sha256_of(said)}


def sum_money(results: Sequence[Kept], extra_benefits: Sequence[Kept]) -> list[dict[str, str]]:
    """Expected and realised money of measured results, and extra benefits, by currency."""
    sums: dict[str, dict[str, Fraction]] = {}

    def add(currency: str, name: str, written: str) -> None:
        of_currency = sums.setdefault(
            currency, dict.fromkeys(("expected", "realised", "realised_extra"), Fraction(0))
        )
        of_currency[name] += Fraction(Decimal(written))

    for result in results:
        if result["realised_value"] is not None:
            add(result["currency"], "expected", result["monetary_value"])
            add(result["currency"], "realised", result["realised_value"])
    for benefit in extra_benefits:
        if benefit.get("monetary_value") is not None and benefit.get("currency"):
            add(benefit["currency"], "realised_extra", benefit["monetary_value"])
    return [
        {"currency": currency}
        | {name: decimal_to_text(round_fraction(value, 18)) for name, value in found.items()}
        for currency, found in sorted(sums.items())
    ]


def shown_figures(kept: Kept, language: str) -> CaseFigures:
    """Kept figures as callers see them."""
    return CaseFigures(
        due_on=kept["due_on"],
        approved_at=kept["approved_at"],
        results=shown_results(kept["results"], language),
        cost=shown_cost(kept["cost"]),
        decision=shown_decision(kept["decision"], language),
        adoption=shown_adoption(kept["adoption"], language),
        money=kept["money"],
        review_sha256=kept["review_sha256"],
    )
