"""Which months and occasions a schedule speaks of: plain dates, no clock of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.periods import Period, period_of, previous_period

_WINDOWS = tuple(timedelta(hours=hours) for hours in (1, 24, 24 * 32, 24 * 367, 24 * 366 * 9))


def month_before(moment: datetime, timezone: str) -> Period:
    """The month before the one that a moment lies in, by the calendar of a time zone."""
    return previous_period(period_of(moment.astimezone(ZoneInfo(timezone)).date()))


def newest_due(
    next_after: Callable[[datetime], datetime], first_due: datetime, now: datetime
) -> datetime:
    """The last due time up to now, where `first_due` is one; those before it are not made up for.

    Looks back in growing windows, so that a schedule of every minute and one of every leap year
    both take few steps.
    """
    for window in _WINDOWS:
        start = max(first_due, now - window)
        newest, following = first_due, next_after(start)
        while following <= now:
            newest, following = following, next_after(following)
        if newest > first_due or start == first_due:
            return newest
    return first_due


def occasion_of_time(due: datetime) -> str:
    """How a due time is written down; one report of a schedule carries it."""
    return due.astimezone(UTC).isoformat().replace("+00:00", "Z")


def occasion_of_run(run: str) -> str:
    """How the publication of a run is written down; one report of a schedule carries it."""
    return f"run:{run}"
