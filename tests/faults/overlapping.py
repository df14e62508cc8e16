"""Requests that overlap for certain: all have looked before the first of them may write."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from shared.database import database_url
from shared.settings import get_settings

LOOKING_SECONDS = 3.0
NEEDED_TO_LOOK = ("api_key", "idempotency_key", "rate_window")
TABLES = (
    "select string_agg(quote_ident(tablename), ', ') from pg_tables"
    " where schemaname = 'public' and tableowner = current_user and tablename <> all(%s)"
    " and tablename not like 'procrastinate%%'"
)
WAITING = (
    "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    " and datname = current_database()"
)


@contextlib.contextmanager
def connection() -> Iterator[psycopg.Connection[Any]]:
    """A connection of the test's own, on which every statement commits by itself."""
    address = database_url(get_settings()).replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as opened:
        yield opened


def overlapping(requests: Sequence[Callable[[], Any]]) -> list[Any]:
    """The answers to requests none of which could write before all had looked (or waited).

    A third connection holds every table against writing; reading and locking rows go on.
    """
    with (
        connection() as gate,
        connection() as watching,
        ThreadPoolExecutor(len(requests)) as pool,
    ):
        gate.execute("begin")
        (tables,) = gate.execute(TABLES, [list(NEEDED_TO_LOOK)]).fetchone() or ("",)
        gate.execute(f"lock table {tables} in share mode")
        asked = [pool.submit(request) for request in requests]
        until = time.monotonic() + LOOKING_SECONDS
        while time.monotonic() < until:
            (waiting,) = watching.execute(WAITING).fetchone() or (0,)
            if waiting + sum(one.done() for one in asked) >= len(requests):
                break
            time.sleep(0.01)
        gate.execute("rollback")
        return [one.result(60) for one in asked]
