"""Few requests are worked on at once; the others wait their turn, without a thread, not for long.

Threads that wait for a database connection would otherwise keep back those whose work would free
one. Bodies are read before the turn, so that slow callers keep nobody out; one caller has no more
turns at once than there are connections by default, so that it leaves room to others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from shared.errors import Unavailable
from shared.settings import get_settings

AT_ONCE = 32
"""Less than the framework's 40 threads: whoever holds a connection always finds a thread."""

OF_ONE_CALLER = 8


class _Turns:
    """The turns of one event loop, and those of each caller who has asked for one."""

    def __init__(self) -> None:
        self.all = asyncio.Semaphore(AT_ONCE)
        self._by_caller: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, caller: str) -> asyncio.Semaphore:
        return self._by_caller.setdefault(caller, asyncio.Semaphore(OF_ONE_CALLER))


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


@asynccontextmanager
async def turn(caller: str | None = None) -> AsyncIterator[None]:
    """Wait for one's turn; raises Unavailable `busy` when it does not come in time."""
    turns = _turns.setdefault(asyncio.get_running_loop(), _Turns())
    async with AsyncExitStack() as held:
        try:
            async with asyncio.timeout(get_settings().database_pool_timeout_seconds):
                if caller is not None:
                    await held.enter_async_context(turns.of(caller))
                await held.enter_async_context(turns.all)
        except TimeoutError:
            raise Unavailable("the service is busy with other requests", code="busy") from None
        yield
