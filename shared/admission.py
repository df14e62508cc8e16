"""Few requests are worked on at once; the others wait their turn, without a thread, not for long.

Threads that wait for a database connection would otherwise keep back those whose work would free
one. Bodies are read before the turn, so that slow callers keep nobody out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from shared.errors import Unavailable
from shared.settings import get_settings

AT_ONCE = 32
"""Less than the framework's 40 threads: whoever holds a connection always finds a thread."""

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@asynccontextmanager
async def turn() -> AsyncIterator[None]:
    """Wait for one's turn; raises Unavailable `busy` when it does not come in time."""
    turns = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(get_settings().database_pool_timeout_seconds):
            await turns.acquire()
    except TimeoutError:
        raise Unavailable("the service is busy with other requests", code="busy") from None
    try:
        yield
    finally:
        turns.release()
