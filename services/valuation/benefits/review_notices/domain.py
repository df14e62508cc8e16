"""When a review is announced: recalled before it is due, told when it is, and again while late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.valuation.benefits.reviews.domain import State

Kind = Literal["reminder", "due", "overdue"]
UNWRITTEN: frozenset[State] = frozenset({"scheduled", "in_progress"})


@dataclass(frozen=True)
class Pace:
    """How often: days before, days between the notices after, how many of these.

    What was due more than `silent_days` before its day was set is history.
    """

    reminder_days: Sequence[int] = (14, 3)
    overdue_days: int = 7
    overdue_times: int = 4
    silent_days: int = 31


@dataclass(frozen=True)
class Notice:
    """One thing to say of a review, on its planned day or the first look after it."""

    kind: Kind
    planned_on: date


@dataclass(frozen=True)
class Said:
    """A notice that was given, and when."""

    kind: Kind
    said_on: date


def plan_notices(due_on: date, pace: Pace) -> list[Notice]:
    """All notices that a due day may lead to, by day; the last days of the calendar are kept."""
    before = [Notice("reminder", _shift(due_on, -days)) for days in set(pace.reminder_days)]
    after = [
        Notice("overdue", _shift(due_on, pace.overdue_days * times))
        for times in range(1, pace.overdue_times + 1)
    ]
    return sorted([*before, Notice("due", due_on), *after], key=lambda each: each.planned_on)


def _shift(day: date, days: int) -> date:
    ordinal = min(max(day.toordinal() + days, 1), date.max.toordinal())
    return date.fromordinal(ordinal)


def is_history(due_on: date, set_on: date, pace: Pace) -> bool:
    """Whether the day was long past when it was set: such a review is never announced."""
    return set_on.toordinal() - due_on.toordinal() > pace.silent_days


@dataclass(frozen=True)
class Watched:
    """What decides over the notices of one review; `said` holds those of its present due day."""

    state: State
    due_on: date
    set_on: date
    said: Sequence[Said] = ()


def choose_notice(review: Watched, today: date, pace: Pace) -> Notice | None:
    """What is to be said of a review today, if anything; at most one thing.

    `due` is said once and never left out. Of reminders and of overdue notices that were missed
    (nothing ran on their days) only the newest counts, and none planned before the last word.
    A submitted review waits for its approver: only its being overdue is said.
    """
    if review.state == "approved" or is_history(review.due_on, review.set_on, pace):
        return None
    reached = [each for each in plan_notices(review.due_on, pace) if each.planned_on <= today]
    kinds_said = {each.kind for each in review.said}
    if review.state in UNWRITTEN and review.due_on <= today and not kinds_said & {"due", "overdue"}:
        return Notice("due", review.due_on)
    last_word = max((each.said_on for each in review.said), default=None)
    fitting = [
        each
        for each in reached
        if (last_word is None or each.planned_on > last_word) and _fits(each, review, today)
    ]
    return fitting[-1] if fitting else None


def _fits(notice: Notice, review: Watched, today: date) -> bool:
    if notice.kind == "overdue":
        return True
    is_early = today < review.due_on and notice.planned_on >= review.set_on
    return notice.kind == "reminder" and is_early and review.state in UNWRITTEN


def next_look(review: Watched, today: date, pace: Pace) -> date:
    """The next day on which something may have to be said; `date.max`: never again."""
    if review.state == "approved" or is_history(review.due_on, review.set_on, pace):
        return date.max
    later = (each.planned_on for each in plan_notices(review.due_on, pace))
    return next((day for day in later if day > today), date.max)
