"""What the worker does for sources by itself: start what is due, drop what was kept long enough."""

from datetime import datetime

from services.ingest.sources import repository
from services.ingest.sources.workflow import SERVICE, ask_for_sync
from shared.clock import utc_now
from shared.database import in_transaction
from shared.errors import Conflict
from shared.jobs.chores import register
from shared.logs import get_logger
from shared.schedules import next_time
from shared.settings import get_settings
from shared.tables.ingest.sources import Source

SUBJECT = "schedule"
MOST_AT_ONCE = 20
log = get_logger(__name__)


def start_due_syncs(now: datetime | None = None) -> int:
    """Ask for the syncs whose time has come; answers how many.

    The row of the source is held while its next time is set, so that of several workers one only
    starts it. Times that were missed while nothing ran are made up for by a single sync.
    """
    started = 0
    for _ in range(MOST_AT_ONCE):
        with in_transaction() as session:
            source = repository.lock_due_source(session, now or utc_now())
            if source is None:
                break
            source.next_at = planned(source, now or utc_now())
            session.add(source)
            try:
                ask_for_sync(session, source, SUBJECT, trigger="schedule")
                started += 1
            except Conflict:
                log.info("source_is_busy", source=source.code)
    return started


def planned(source: Source, after: datetime) -> datetime | None:
    """When the schedule of a source wants it next; None without one or when it is switched off."""
    if source.cron is None or source.timezone is None or not source.active:
        return None
    return next_time(source.cron, source.timezone, after)


def forget_old_pages() -> int:
    """Drop the raw pages of sources after the days that the settings say; 0: never."""
    if not get_settings().source_raw_keep_days:
        return 0
    with in_transaction() as session:
        return repository.forget_old_pages(session, utc_now(), get_settings().source_raw_keep_days)


register(SERVICE, "start_due_syncs", 1.0, start_due_syncs)
register(SERVICE, "forget_old_pages", 3600.0, forget_old_pages)
