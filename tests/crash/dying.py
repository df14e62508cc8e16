"""Ends this process, as kill -9 would, at the n-th thing that it tells the database.

Only processes that a test forks call `die_at`; the product knows nothing of it.
"""

import os
import re
from collections.abc import Callable
from typing import Any

from psycopg import AsyncCursor
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

DEAD = 137
WRITES = re.compile(r"\s*(insert|update|delete|with|copy|select procrastinate)", re.IGNORECASE)
QUEUE = re.compile(r"procrastinate_(fetch_job|finish_job|retry_job)")


class Countdown:
    """Counts commits and writing statements, each before and after; the n-th is the last."""

    def __init__(self, deadly: int) -> None:
        self.count = 0
        self._deadly = deadly

    def tick(self) -> None:
        """One moment at which a process may die."""
        self.count += 1
        if self.count == self._deadly:
            os._exit(DEAD)

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same act with a moment before and one after it."""

        def counted(*arguments: Any, **named: Any) -> Any:
            self.tick()
            answer = act(*arguments, **named)
            self.tick()
            return answer

        return counted


def die_at(deadly: int) -> Countdown:
    """Die at this moment, counted from one; never with 0. Answers what counts."""
    countdown = Countdown(deadly)
    DefaultDialect.do_commit = countdown.around(DefaultDialect.do_commit)  # type: ignore[method-assign]

    @event.listens_for(Engine, "after_cursor_execute")
    def after_statement(_: Any, __: Any, statement: str, *more: Any) -> None:
        if WRITES.match(statement):
            countdown.tick()

    execute = AsyncCursor.execute

    async def counted_execute(self: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        of_queue = QUEUE.search(str(query))
        if of_queue:
            countdown.tick()
        answer = await execute(self, query, *arguments, **named)
        if of_queue:
            countdown.tick()
        return answer

    AsyncCursor.execute = counted_execute  # type: ignore[method-assign]
    return countdown
