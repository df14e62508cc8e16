"""The rival of `http_lists.py`: psycopg and json.dumps behind the same uvicorn, nothing else.

No framework, no authentication, no validation, no correlation id: what the database and the
server allow at most to plain Python.
"""

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from bench.listed_nouns import EVERY_NOUN

Message = MutableMapping[str, Any]
_pool: AsyncConnectionPool[Any] | None = None


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """The path of a list answers its first 100 rows, with an id behind it one of them."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    assert _pool is not None
    async with _pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        noun = EVERY_NOUN.get(scope["path"])
        if noun is not None:
            await cursor.execute(noun.list_query)
            content: Any = {"items": await cursor.fetchall(), "next_cursor": None}
        else:
            path, identifier = scope["path"].rsplit("/", 1)
            await cursor.execute(EVERY_NOUN[path].single_query, [identifier])
            content = await cursor.fetchone()
    body = json.dumps(content, ensure_ascii=False, default=str).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(
    receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    global _pool  # noqa: PLW0603  # one pool a process
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _pool = AsyncConnectionPool(
                os.environ["BARE_DATABASE_URL"],
                min_size=8,
                max_size=8,
                open=False,
                kwargs={"autocommit": True},
            )
            await _pool.open(wait=True)
            await send({"type": "lifespan.startup.complete"})
        else:
            assert _pool is not None
            await _pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
