"""Files that nobody reads to their end cost nothing that lasts."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from sqlalchemy import QueuePool, text
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from shared.database import SMALLEST_WORK_POOL, new_session, work_engine
from shared.http.exports import CSV, PARQUET, export_rows
from shared.http.request_limits import RequestLimits
from shared.settings import Settings

NEVER_SECONDS = 60.0


def many_rows() -> Iterator[list[int]]:
    """More than fits into one piece, from a session of their own."""
    with new_session() as session:
        for row in session.execute(text("select generate_series(1, 100000)")):
            yield list(row)


async def read_a_piece_and_leave(kind: str) -> None:
    gone = asyncio.Event()

    async def take(message: Message) -> None:
        if message.get("body"):
            gone.set()
            await asyncio.sleep(NEVER_SECONDS)

    async def leave() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    await export_rows(kind, "many", ["n"], many_rows())({"type": "http"}, leave, take)


async def read_one_piece_a_minute(kind: str) -> None:
    async def take(message: Message) -> None:
        if message.get("body"):
            await asyncio.sleep(NEVER_SECONDS)

    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def stay() -> Message:
        if not messages:
            await asyncio.sleep(NEVER_SECONDS)
        return messages.pop()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await export_rows(kind, "many", ["n"], many_rows())(scope, receive, send)

    scope = {"type": "http", "path": "/v1/many", "headers": [], "method": "GET"}
    await RequestLimits(app, settings=Settings(slow_body_seconds=0.2))(scope, stay, take)


@pytest.mark.parametrize("kind", [CSV, PARQUET])
def test_who_reads_too_slowly_counts_as_gone(database: str, kind: str) -> None:
    with pytest.raises(ClientDisconnect):
        asyncio.run(asyncio.wait_for(read_one_piece_a_minute(kind), NEVER_SECONDS / 2))
    pool = work_engine().pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0


@pytest.mark.parametrize("kind", [CSV, PARQUET])
def test_a_reader_who_goes_away_leaves_no_connection_in_use(database: str, kind: str) -> None:
    pool = work_engine().pool
    assert isinstance(pool, QueuePool)
    gc.disable()  # which would find what was left behind, some day
    try:
        for _ in range(SMALLEST_WORK_POOL + 1):
            asyncio.run(read_a_piece_and_leave(kind))
        assert pool.checkedout() == 0
    finally:
        gc.enable()
