"""The worker of ingest with one more kind of job, which takes its time: `python -m ... SECONDS`."""

import sys
import time

from shared.jobs.running import JobContext, register
from shared.jobs.worker import work

KIND = "takes_its_time"


def main() -> None:
    """Work until SIGTERM; says when a job of this kind begins."""
    seconds = float(sys.argv[1])

    def body(_: JobContext) -> None:
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        time.sleep(seconds)

    register(KIND, body, lambda *_: None)
    work("ingest")


if __name__ == "__main__":
    main()
