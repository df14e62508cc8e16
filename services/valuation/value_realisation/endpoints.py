"""`GET /v1/value-realisation`: what was promised in money, and what came of it."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query

from services.valuation.reviews import repository
from services.valuation.reviews.domain import Stake, sum_realisation
from shared.auth import UNBOUND, Needs
from shared.contracts.valuation.reviews import RealisationAnswer, RealisationGroup
from shared.database import SessionDep
from shared.routing import new_router
from shared.tables.valuation.initiatives import Initiative, ValueExpectation

router = new_router(
    "/v1/value-realisation", "value-realisation", [Needs("valuation:read"), UNBOUND]
)
Pair = tuple[ValueExpectation, Initiative]
Results = dict[str, dict[str, Any]]


@router.get("", summary="Realised against expected value", operation_id="get_value_realisation")
def get_value_realisation(
    session: SessionDep,
    portfolio: Annotated[
        str | None, Query(max_length=200, description="The tag `portfolio` of initiatives")
    ] = None,
    sponsor: Annotated[str | None, Query(max_length=500)] = None,
) -> RealisationAnswer:
    """By portfolio, sponsor and kind of benefit; each initiative by its newest approved review.

    A promise that no approved review has measured counts as expected and unmeasured.
    """
    pairs = repository.list_stakes(session, {"portfolio": portfolio, "sponsor": sponsor})
    reviews = repository.newest_approved(session)
    results: Results = {
        result["expectation"]: result for review in reviews.values() for result in review.results
    }
    initiatives = {initiative.id for _, initiative in pairs}
    return RealisationAnswer(
        totals=_groups(pairs, results, lambda _: None),
        by_portfolio=_groups(pairs, results, lambda pair: pair[1].tags.get("portfolio")),
        by_sponsor=_groups(pairs, results, lambda pair: pair[1].sponsor),
        by_kind=_groups(pairs, results, lambda pair: pair[0].benefit_kind),
        initiatives=len(initiatives),
        reviews=len(initiatives & set(reviews)),
    )


def _groups(
    pairs: Iterable[Pair], results: Results, group_of: Callable[[Pair], str | None]
) -> list[RealisationGroup]:
    stakes = [_stake(pair, results.get(str(pair[0].id)), group_of(pair)) for pair in pairs]
    return [RealisationGroup(**vars(group)) for group in sum_realisation(stakes)]


def _stake(pair: Pair, result: dict[str, Any] | None, group: str | None) -> Stake:
    """An approved review speaks with the promise as it was then; else the promise of today."""
    expectation, _ = pair
    if result is not None and result["realised_value"] is not None:
        expected, currency = Decimal(result["monetary_value"]), str(result["currency"])
        return Stake(group, currency, expected, Decimal(result["realised_value"]))
    return Stake(group, expectation.currency or "", expectation.monetary_value or Decimal(0), None)
