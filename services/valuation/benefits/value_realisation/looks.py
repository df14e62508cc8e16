"""Reads promises and reviews as stakes, histories and experiences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.valuation.benefits.value_realisation import repository
from services.valuation.benefits.value_realisation.bias import Experience, Promised
from services.valuation.benefits.value_realisation.domain import Extra, History, Stake
from shared.periods import period_of
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Promise:
    """A promise of money with what approved reviews said of it, by month, oldest first."""

    expectation: ValueExpectation
    initiative: Initiative
    kpi: ValueKpi | None
    month: str | None
    said: Sequence[tuple[str, Result | None]]

    def stake(self, group: str | None) -> Stake:
        """As the newest approved review has it."""
        return self._as_said(self.said[-1][1] if self.said else None, group)

    def history(self) -> History:
        """From its first month on; an undated promise has none."""
        if self.month is None:
            return History(())
        first = [(self.month, self._as_said(None, None))]
        return History([*first, *((month, self._as_said(said, None)) for month, said in self.said)])

    def _as_said(self, result: Result | None, group: str | None) -> Stake:
        """An approved review speaks with the promise as it was then; else the promise of today."""
        if result is not None and result["realised_value"] is not None:
            expected, currency = Decimal(result["monetary_value"]), str(result["currency"])
            return Stake(group, currency, expected, Decimal(result["realised_value"]))
        value = self.expectation.monetary_value or Decimal(0)
        return Stake(group, self.expectation.currency or "", value, None)


@dataclass(frozen=True)
class FoundBeyond:
    """An extra benefit with money, of an approved review."""

    initiative: Initiative
    month: str
    kind: str | None
    kpi: str | None
    currency: str
    amount: Decimal

    def in_group(self, group: str | None) -> Extra:
        """In a group."""
        return Extra(group, self.currency, self.amount)


@dataclass(frozen=True)
class Looks:
    """All promises of money and all that approved reviews found."""

    promises: Sequence[Promise]
    beyond: Sequence[FoundBeyond]
    reviewed: frozenset[UUID]


def load_looks(
    session: Session,
    portfolio: str | None,
    sponsor: str | None,
    first: str | None = None,
    last: str | None = None,
) -> Looks:
    """Promises whose month lies between two months; reviews due after `last` do not speak.

    A promise's month is that in which the first review of its initiative is due, else its own
    due period; one without either is left out when months are asked for.
    """
    reviews = repository.list_reviews(session, portfolio, sponsor)
    due: dict[UUID, str] = {}
    approved: dict[UUID, list[tuple[str, dict[str, Result]]]] = {}
    for review, _ in reviews:
        month = period_of(review.due_on)
        due.setdefault(review.initiative_id, month)
        if review.state == "approved" and _within(month, None, last):
            said: dict[str, Result] = {
                each["expectation"]: each for each in review.results if each["expectation"]
            }
            approved.setdefault(review.initiative_id, []).append((month, said))
    promises = [
        Promise(
            expectation,
            initiative,
            kpi,
            due.get(initiative.id) or expectation.due_period,
            [
                (month, said.get(str(expectation.id)))
                for month, said in approved.get(initiative.id, [])
            ],
        )
        for expectation, initiative, kpi in repository.list_promises(session, portfolio, sponsor)
    ]
    return Looks(
        [each for each in promises if _within(each.month, first, last)],
        [
            each
            for review, initiative in reviews
            if review.state == "approved"
            for each in _beyond(review, initiative)
            if _within(each.month, first, last)
        ],
        frozenset(approved),
    )


def _within(month: str | None, first: str | None, last: str | None) -> bool:
    if month is None:
        return first is None and last is None
    return (first is None or month >= first) and (last is None or month <= last)


def _beyond(review: PostImplementationReview, initiative: Initiative) -> list[FoundBeyond]:
    return [
        FoundBeyond(
            initiative=initiative,
            month=period_of(review.due_on),
            kind=benefit.get("kind"),
            kpi=benefit.get("kpi"),
            currency=benefit["currency"],
            amount=Decimal(benefit["monetary_value"]),
        )
        for benefit in review.extra_benefits
        if benefit.get("monetary_value") is not None and benefit.get("currency")
    ]


def load_experiences(
    session: Session,
    portfolio: str | None = None,
    sponsor: str | None = None,
    first: str | None = None,
    last: str | None = None,
) -> list[Experience]:
    """What came of every promise that the newest approved review of its initiative measured."""
    newest: dict[UUID, repository.Look] = {}
    for review, initiative in repository.list_reviews(session, portfolio, sponsor):
        if review.state == "approved" and _within(period_of(review.due_on), first, last):
            newest[initiative.id] = (review, initiative)
    return [
        Experience(
            Promised(
                initiative=initiative.code,
                kpi=result["kpi"],
                kind=result["benefit_kind"],
                level=result["level"],
                portfolio=portfolio_of(initiative),
                sponsor=initiative.sponsor,
            ),
            share=Decimal(result["attainment"]),
        )
        for review, initiative in newest.values()
        for result in review.results
        if result["expectation"] is not None and result["attainment"] is not None
    ]


def portfolio_of(initiative: Initiative) -> str | None:
    """The portfolio that an initiative's tags name."""
    name: str | None = initiative.tags.get("portfolio")
    return name
