"""Promised and realised money, gathered as `GET /v1/value-realisation?to=` gathers it."""

from collections.abc import Callable

from sqlmodel import Session

from services.valuation.benefits.value_realisation.bias import Bias, measure_bias
from services.valuation.benefits.value_realisation.domain import sum_realisation
from services.valuation.benefits.value_realisation.looks import (
    FoundBeyond,
    Looks,
    Promise,
    load_experiences,
    load_looks,
    portfolio_of,
)
from services.valuation.reporting.reports.content.analysis.facts import RealisedGroup

_WAYS: dict[str, tuple[Callable[[Promise], str | None], Callable[[FoundBeyond], str | None]]] = {
    "portfolio": (
        lambda each: portfolio_of(each.initiative),
        lambda extra: portfolio_of(extra.initiative),
    ),
    "sponsor": (
        lambda each: each.initiative.sponsor,
        lambda extra: extra.initiative.sponsor,
    ),
    "kind": (lambda each: each.expectation.benefit_kind, lambda extra: extra.kind),
}


def gather_realised(session: Session, period: str) -> list[RealisedGroup]:
    """By portfolio, sponsor and kind of benefit; what is due after the month does not count."""
    looks = load_looks(session, None, None, last=period)
    return [group for by in _WAYS for group in _groups(by, looks)]


def gather_bias(session: Session, period: str) -> Bias:
    """How far results lay from promises in the reviews due up to the month."""
    found = load_experiences(session, last=period)
    return measure_bias(each.share for each in found)


def _groups(by: str, looks: Looks) -> list[RealisedGroup]:
    group_of, extra_group_of = _WAYS[by]
    stakes = [promise.stake(group_of(promise)) for promise in looks.promises]
    extras = [extra.in_group(extra_group_of(extra)) for extra in looks.beyond]
    return [RealisedGroup(by, group) for group in sum_realisation(stakes, extras)]
