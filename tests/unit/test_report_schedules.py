"""Which month a scheduled report is of, and which of the missed times is made up for."""

from datetime import UTC, datetime, timedelta
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from services.valuation.reporting.report_schedules.domain import (
    month_before,
    newest_due,
    occasion_of_time,
)
from shared.schedules import next_time

CRONS = ("* * * * *", "*/7 3 * * *", "0 6 3 * *", "30 2 * * 0", "0 0 29 2 *")


def test_the_month_before_is_that_of_the_time_zone() -> None:
    still_january = datetime(2026, 1, 31, 17, 0, tzinfo=UTC)
    assert month_before(still_january, "UTC") == "2025-12"
    assert month_before(still_january, "Asia/Shanghai") == "2026-01"


def test_an_occasion_is_the_due_time_in_utc() -> None:
    assert occasion_of_time(datetime(2026, 2, 3, 6, tzinfo=UTC)) == "2026-02-03T06:00:00Z"


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(CRONS), st.integers(0, 60 * 24 * 40))
def test_of_the_missed_times_the_newest_is_made_up_for(cron: str, minutes: int) -> None:
    following = partial(next_time, cron, "Europe/London")
    first = following(datetime(2024, 2, 20, tzinfo=UTC))
    now = first + timedelta(minutes=minutes)
    due = newest_due(following, first, now)
    assert first <= due <= now
    assert following(due) > now


def test_years_without_a_worker_take_few_steps() -> None:
    asked: list[datetime] = []

    def every_minute(after: datetime) -> datetime:
        asked.append(after)
        return next_time("* * * * *", "UTC", after)

    first = datetime(2000, 1, 1, tzinfo=UTC)
    now = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
    assert newest_due(every_minute, first, now) == datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    assert len(asked) < 100
