"""When a schedule is due: cron fields in the local time of a zone, right when the clocks change."""

import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter  # type: ignore[import-untyped]
from croniter.croniter import CroniterError  # type: ignore[import-untyped]

FIELDS = 5
_random = re.compile(r"(?<![a-z])[rh](?![a-z])", re.IGNORECASE)
"""A letter that croniter takes for a random time, another one whenever it is asked."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether the IANA data knows this zone."""
    return name in _zones()


def is_cron(text: str) -> bool:
    """Whether these are five cron fields that come true some day."""
    if len(text.split()) != FIELDS or _random.search(text) or not croniter.is_valid(text):
        return False
    try:
        croniter(text, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime)
    except CroniterError:
        return False
    return True


def next_time(cron: str, zone: str, after: datetime) -> datetime:
    """The first time after an instant, in UTC.

    In autumn an hour comes twice; a schedule that names its hours takes the first one only, one
    for every hour takes both. In spring a time within the missing hour moves to its end.
    """
    times = croniter(cron, after.astimezone(ZoneInfo(zone)))
    every_hour = cron.split()[1].startswith("*")
    while True:
        found: datetime = times.get_next(datetime)
        if every_hour or not _comes_again(found):
            return found.astimezone(UTC)


def _comes_again(local: datetime) -> bool:
    """Whether the same local time was there an hour earlier already."""
    earlier = local.replace(fold=0)
    return local.fold == 1 and earlier.utcoffset() != local.utcoffset()
