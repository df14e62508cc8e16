"""A pool of connections that says how long it let its callers wait."""

import threading
import time

from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from shared import metrics


class MeasuredPool(QueuePool):
    """The usual pool, with the callers who wait and their waits counted."""

    waiting = 0
    _counting = threading.Lock()

    def connect(self) -> PoolProxiedConnection:
        """A connection, as ever."""
        began = time.perf_counter()
        self._add(1)
        try:
            return super().connect()
        finally:
            self._add(-1)
            metrics.database_wait_seconds.observe(time.perf_counter() - began)

    def _add(self, callers: int) -> None:
        with self._counting:
            self.waiting += callers
