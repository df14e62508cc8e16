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

COLUMNS = (
    "id, code, names, parent, tags, attributes, standard, valid_from, valid_to, owner,"
    " unit_driver, capacity_driver, value_chain_stage, version, created_at, updated_at"
)
LIST = f"select {COLUMNS} from cost_object where layer = 'resource' order by code limit 100"
SINGLE = f"select {COLUMNS} from cost_object where id = %s"

Message = MutableMapping[str, Any]
_pool: AsyncConnectionPool[Any] | None = None


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """`/list` answers 100 objects, `/single/<id>` one."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    assert _pool is not None
    async with _pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        if scope["path"] == "/list":
            await cursor.execute(LIST)
            content: Any = {"items": await cursor.fetchall(), "next_cursor": None}
        else:
            await cursor.execute(SINGLE, [scope["path"].rsplit("/", 1)[1]])
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
