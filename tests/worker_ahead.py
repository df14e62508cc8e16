"""A real worker of valuation whose clock runs ahead by the days that a file says.

`python -m tests.worker_ahead DAYS_FILE`: the file is read at every look at the clock, so that a
test moves the time of running workers by writing it.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shared.clock

LOOK_EVERY_SECONDS = 0.05


def run(days_file: Path) -> None:
    """Work until killed or told to stop."""

    def ahead() -> datetime:
        return datetime.now(UTC) + timedelta(days=int(days_file.read_text() or "0"))

    shared.clock.utc_now = ahead  # before anything else takes the clock by its name
    import services.valuation.main  # noqa: F401 - registers jobs and chores
    from services.valuation.benefits.review_notices.workflow import SERVICE, announce_due_reviews
    from shared.jobs.chores import register
    from shared.jobs.worker import work

    register(SERVICE, "announce_due_reviews", LOOK_EVERY_SECONDS, announce_due_reviews)
    work(SERVICE)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
