"""Whether a service can work: looked at with a thread and a connection kept for that alone."""

import asyncio
import time

from anyio import CapacityLimiter, to_thread

from shared.boot import UnsafeStartError, trust_database
from shared.database import probing
from shared.errors import Unavailable
from shared.postgres.migrations import check_schema

PATIENCE_SECONDS = 3.0
GOOD_FOR_SECONDS = 0.5
"""Probes that come faster are told what was found last, so that they cost the database nothing."""


class Readiness:
    """Answers probes, also while every other thread and connection is in use."""

    def __init__(self) -> None:
        self._threads: CapacityLimiter | None = None
        self._good_until = 0.0

    async def check(self) -> None:
        """Raise Unavailable when requests would fail; answers in time when nothing else does."""
        if time.monotonic() < self._good_until:
            return
        if self._threads is None:
            self._threads = CapacityLimiter(1)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await to_thread.run_sync(self._look, limiter=self._threads, abandon_on_cancel=True)
        except TimeoutError:
            raise Unavailable("the database does not answer", code="database_unavailable") from None

    def _look(self) -> None:
        if time.monotonic() < self._good_until:
            return
        with probing() as connection:
            check_schema(connection)
            try:
                trust_database(connection)
            except UnsafeStartError as error:
                raise Unavailable(str(error), code="unsafe_database") from None
        self._good_until = time.monotonic() + GOOD_FOR_SECONDS
