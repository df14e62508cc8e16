"""Earned value: how much of the plan is done, what it should and did cost, how it may end."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from services.valuation.investments.evaluations.figures import round_figure

_DIGITS = 60


@dataclass(frozen=True)
class Progress:
    """What is known on a day: money until then, and how far the work is.

    `budget` is the whole planned cost, `planned` what of it was due by the day, `spent` the
    actual cost until it; `to_complete` is the money still needed, `percent` what is done.
    """

    budget: Decimal | None
    planned: Decimal | None
    spent: Decimal | None
    percent: Decimal | None
    to_complete: Decimal | None


@dataclass(frozen=True)
class EarnedFigure:
    """A figure to 12 decimals; None with a reason."""

    value: Decimal | None
    formula: str
    reason: str | None


def earn(progress: Progress) -> Mapping[str, EarnedFigure]:
    """All figures. A stated percentage comes first; without it, done = spent / (spent + needed).

    Reasons: `no_plan`, `no_actual`, `no_progress` (nothing says how far the work is),
    `nothing_planned_yet`, `nothing_spent_yet`, `nothing_earned_yet`.
    """
    with localcontext(prec=_DIGITS):
        return _Maker(progress).make()


class _Maker:
    """Makes one figure from another; the first missing one gives its reason to all after it."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.made: dict[str, EarnedFigure] = {}

    def make(self) -> Mapping[str, EarnedFigure]:
        known = self.progress
        self._add("bac", "planned cost", known.budget, "no_plan")
        self._add("pv", "planned cost until the day", known.planned, "no_plan")
        self._add("ac", "actual cost until the day", known.spent, "no_actual")
        share = self._add_share()
        ev = known.budget * share if known.budget is not None and share is not None else None
        self._add("ev", "bac * percent_complete / 100", ev, self._why("bac", "percent_complete"))
        self._subtract("sv", ev, "pv", known.planned)
        self._subtract("cv", ev, "ac", known.spent)
        self._divide("spi", ev, "pv", known.planned, "nothing_planned_yet")
        self._divide("cpi", ev, "ac", known.spent, "nothing_spent_yet")
        self._add_end(ev)
        return self.made

    def _add_share(self) -> Decimal | None:
        known = self.progress
        if known.percent is not None:
            self._add("percent_complete", "as stated", known.percent, None)
            return known.percent / 100
        formula, share = "ac / (ac + etc) * 100", None
        if known.to_complete is not None and known.spent is not None:
            whole = known.spent + known.to_complete
            share = known.spent / whole if whole > 0 else None
        percent = share * 100 if share is not None else None
        self._add("percent_complete", formula, percent, "no_progress")
        return share

    def _add_end(self, ev: Decimal | None) -> None:
        known = self.progress
        if known.to_complete is not None and known.spent is not None:
            formula, end, reason = "ac + etc", known.spent + known.to_complete, None
        elif ev and known.spent is not None and known.budget is not None:
            formula, end, reason = "bac / cpi", known.budget * known.spent / ev, None
        else:
            formula, end, reason = "bac / cpi", None, self._why("ev", "ac") or "nothing_earned_yet"
        self._add("eac", formula, end, reason)
        left = known.to_complete
        if left is None and end is not None and known.spent is not None:
            left = end - known.spent
        self._add("etc", "as stated, else eac - ac", left, reason)
        vac = known.budget - end if known.budget is not None and end is not None else None
        self._add("vac", "bac - eac", vac, self._why("bac", "eac"))

    def _subtract(self, name: str, ev: Decimal | None, other: str, value: Decimal | None) -> None:
        found = ev - value if ev is not None and value is not None else None
        self._add(name, f"ev - {other}", found, self._why("ev", other))

    def _divide(
        self, name: str, ev: Decimal | None, other: str, value: Decimal | None, empty: str
    ) -> None:
        found = ev / value if ev is not None and value else None
        self._add(name, f"ev / {other}", found, self._why("ev", other) or empty)

    def _why(self, *names: str) -> str | None:
        return next((found.reason for name in names if (found := self.made[name]).reason), None)

    def _add(self, name: str, formula: str, value: Decimal | None, reason: str | None) -> None:
        shown = round_figure(value) if value is not None else None
        self.made[name] = EarnedFigure(shown, formula, None if shown is not None else reason)
