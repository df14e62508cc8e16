"""`GET /v1/value-realisation`: what was promised in money, and what came of it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Query

from services.valuation.benefits.value_realisation import repository
from services.valuation.benefits.value_realisation.domain import draw_over_time, sum_realisation
from services.valuation.benefits.value_realisation.looks import (
    FoundBeyond,
    Looks,
    Promise,
    load_looks,
    portfolio_of,
)
from shared.auth import Needs
from shared.contracts.valuation.realisation import (
    RealisationAnswer,
    RealisationGroup,
    RealisationMonth,
)
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.http.routing import new_router

router = new_router("/v1/value-realisation", "value-realisation", [Needs("valuation:read")])
PortfolioQuery = Annotated[
    str | None, Query(max_length=200, description="The tag `portfolio` of initiatives")
]
SponsorQuery = Annotated[str | None, Query(max_length=500)]
FirstQuery = Annotated[Period | None, Query(alias="from", description="First month")]
LastQuery = Annotated[Period | None, Query(alias="to", description="Last month")]


@router.get("", summary="Realised against expected value", operation_id="get_value_realisation")
def get_value_realisation(
    session: SessionDep,
    portfolio: PortfolioQuery = None,
    sponsor: SponsorQuery = None,
    first: FirstQuery = None,
    last: LastQuery = None,
) -> RealisationAnswer:
    """By portfolio, sponsor and kind of benefit; each initiative by its newest approved review.

    A promise that no approved review has measured counts as expected and unmeasured. Months are
    those in which an initiative's first review is due; reviews due after `to` do not speak.
    """
    looks = load_looks(session, portfolio, sponsor, first, last)
    classes = repository.classes_of_kpis(session)
    initiatives = {promise.initiative.id for promise in looks.promises}
    return RealisationAnswer(
        totals=_groups(looks, lambda _: None, lambda _: None),
        by_portfolio=_groups(
            looks,
            lambda promise: portfolio_of(promise.initiative),
            lambda extra: portfolio_of(extra.initiative),
        ),
        by_sponsor=_groups(
            looks,
            lambda promise: promise.initiative.sponsor,
            lambda extra: extra.initiative.sponsor,
        ),
        by_kind=_groups(
            looks, lambda promise: promise.expectation.benefit_kind, lambda extra: extra.kind
        ),
        by_kpi_class=_groups(
            looks,
            lambda promise: promise.kpi.kpi_class if promise.kpi is not None else None,
            lambda extra: classes.get(extra.kpi) if extra.kpi is not None else None,
        ),
        by_level=_groups(looks, lambda promise: promise.expectation.level, lambda _: None),
        over_time=_over_time(looks),
        undated=sum(promise.month is None for promise in looks.promises),
        initiatives=len(initiatives),
        reviews=len(initiatives & looks.reviewed),
    )


def _groups(
    looks: Looks,
    group_of: Callable[[Promise], str | None],
    extra_group_of: Callable[[FoundBeyond], str | None],
) -> list[RealisationGroup]:
    stakes = [promise.stake(group_of(promise)) for promise in looks.promises]
    extras = [extra.in_group(extra_group_of(extra)) for extra in looks.beyond]
    return [RealisationGroup(**vars(group)) for group in sum_realisation(stakes, extras)]


def _over_time(looks: Looks) -> list[RealisationMonth]:
    months = draw_over_time(
        [promise.history() for promise in looks.promises],
        [(extra.month, extra.in_group(None)) for extra in looks.beyond],
    )
    return [RealisationMonth(**vars(month)) for month in months]
