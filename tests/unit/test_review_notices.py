"""When reviews are announced: reminders, the day itself, lateness; history stays silent."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.valuation.benefits.review_notices.domain import (
    Notice,
    Pace,
    Said,
    Watched,
    choose_notice,
    next_look,
    plan_notices,
)

PACE = Pace()
DUE = date(2026, 4, 10)
SET = date(2026, 1, 10)


def watch(today: date, *said: Said, **more: object) -> Notice | None:
    review = Watched(**{"state": "scheduled", "due_on": DUE, "set_on": SET, "said": said, **more})  # type: ignore[arg-type]
    return choose_notice(review, today, PACE)


def live_through(review: Watched, days: list[date]) -> list[tuple[date, Notice]]:
    """What is said when a worker looks on these days only."""
    heard: list[tuple[date, Notice]] = []
    for today in days:
        notice = choose_notice(review, today, PACE)
        if notice is not None:
            heard.append((today, notice))
            review = replace(review, said=[*review.said, Said(notice.kind, today)])
    return heard


def test_a_review_is_recalled_twice_told_once_and_late_four_times() -> None:
    plan = plan_notices(DUE, PACE)
    assert [(notice.kind, (notice.planned_on - DUE).days) for notice in plan] == [
        ("reminder", -14),
        ("reminder", -3),
        ("due", 0),
        ("overdue", 7),
        ("overdue", 14),
        ("overdue", 21),
        ("overdue", 28),
    ]


def test_nothing_is_said_before_the_first_reminder() -> None:
    assert watch(DUE - timedelta(days=15)) is None
    assert watch(DUE - timedelta(days=14)) == Notice("reminder", DUE - timedelta(days=14))


def test_a_missed_reminder_is_left_out_when_the_day_has_come() -> None:
    assert watch(DUE) == Notice("due", DUE)


def test_after_a_long_silence_the_day_is_said_once_and_only_the_newest_lateness() -> None:
    today = DUE + timedelta(days=20)
    assert watch(today) == Notice("due", DUE)
    assert watch(today, Said("due", today)) is None
    later = DUE + timedelta(days=27)
    assert watch(later, Said("due", today)) == Notice("overdue", DUE + timedelta(days=21))


def test_a_reminder_planned_before_the_day_was_set_is_not_given() -> None:
    assert watch(DUE - timedelta(days=5), set_on=DUE - timedelta(days=6)) is None


def test_a_submitted_review_is_only_said_to_be_late() -> None:
    assert watch(DUE, state="submitted") is None
    late = watch(DUE + timedelta(days=7), state="submitted")
    assert late == Notice("overdue", DUE + timedelta(days=7))


def test_history_is_silent_and_what_was_lately_due_is_not() -> None:
    assert watch(DUE + timedelta(days=40), set_on=DUE + timedelta(days=32)) is None
    assert watch(DUE + timedelta(days=31), set_on=DUE + timedelta(days=31)) == Notice("due", DUE)


def test_an_approved_review_is_never_looked_at_again() -> None:
    review = Watched("approved", DUE, SET)
    assert choose_notice(review, DUE, PACE) is None
    assert next_look(review, DUE, PACE) == date.max


looks = st.sets(st.integers(-40, 120), min_size=1, max_size=20).map(
    lambda days: [DUE + timedelta(days=day) for day in sorted(days)]
)


@given(looks)
def test_the_day_is_said_exactly_once_whenever_somebody_looks(days: list[date]) -> None:
    heard = live_through(Watched("scheduled", DUE, SET), days)
    kinds = [notice.kind for _, notice in heard]
    assert kinds.count("due") == (1 if days[-1] >= DUE else 0)
    assert kinds.count("overdue") <= PACE.overdue_times
    assert len({notice.planned_on for _, notice in heard}) == len(heard)
    assert all(day >= notice.planned_on for day, notice in heard)
    assert sorted(kinds, key=["reminder", "due", "overdue"].index) == kinds


@given(looks, st.integers(0, 60))
def test_between_two_looks_there_is_nothing_to_say(days: list[date], wait: int) -> None:
    review = Watched("scheduled", DUE, SET)
    today = days[0]
    notice = choose_notice(review, today, PACE)
    if notice is not None:
        review = replace(review, said=[Said(notice.kind, today)])
    until = next_look(review, today, PACE)
    between = today + timedelta(days=wait)
    if between < until:
        assert choose_notice(review, between, PACE) is None


@given(st.dates(), st.dates())
def test_no_day_of_the_calendar_is_too_early_or_too_late(due_on: date, today: date) -> None:
    review = Watched("in_progress", due_on, today)
    choose_notice(review, today, PACE)
    assert next_look(review, today, PACE) > today or today == date.max
