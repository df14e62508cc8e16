"""`GET /v1/value-realisation/bias`: how far off promises were."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import Query

from services.valuation.benefits.value_realisation.bias import (
    LEAST,
    Bias,
    Promised,
    group_bias,
    measure_bias,
)
from services.valuation.benefits.value_realisation.endpoints import (
    FirstQuery,
    LastQuery,
    PortfolioQuery,
    SponsorQuery,
)
from services.valuation.benefits.value_realisation.looks import load_experiences
from shared.auth import Needs
from shared.contracts.valuation.realisation import BiasAnswer, BiasGroup
from shared.database import SessionDep
from shared.http.routing import new_router

router = new_router("/v1/value-realisation", "value-realisation", [Needs("valuation:read")])
GroupBy = Literal["none", "portfolio", "sponsor", "kind", "kpi", "level"]
GROUPS: dict[GroupBy, Callable[[Promised], str | None]] = {
    "portfolio": lambda each: each.portfolio,
    "sponsor": lambda each: each.sponsor,
    "kind": lambda each: each.kind,
    "kpi": lambda each: each.kpi,
    "level": lambda each: each.level,
}


@router.get(
    "/bias",
    summary="Bias and spread of promises against results",
    operation_id="get_value_bias",
)
def get_value_bias(
    session: SessionDep,
    group_by: Annotated[GroupBy, Query()] = "none",
    portfolio: PortfolioQuery = None,
    sponsor: SponsorQuery = None,
    first: FirstQuery = None,
    last: LastQuery = None,
) -> BiasAnswer:
    """Every promise that the newest approved review of its initiative measured counts once.

    Months are those in which that review was due.
    """
    found = load_experiences(session, portfolio, sponsor, first, last)
    groups = group_bias(found, GROUPS[group_by]) if group_by != "none" else []
    return BiasAnswer(
        group_by=group_by,
        least=LEAST,
        overall=_group(measure_bias(each.share for each in found)),
        groups=[_group(bias) for bias in groups],
    )


def _group(bias: Bias) -> BiasGroup:
    return BiasGroup(**vars(bias))
