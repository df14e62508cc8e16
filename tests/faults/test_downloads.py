"""Files that nobody reads to their end cost nothing that lasts."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from sqlalchemy import QueuePool, text
from starlette.types import Message

from shared.database import SMALLEST_WORK_POOL, new_session, work_engine
from shared.exports import CSV, PARQUET, export_rows

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
