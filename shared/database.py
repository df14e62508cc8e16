"""The engine and the session: a request is a transaction, committed before the answer leaves."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import psycopg
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from pydantic_core import from_json
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from shared import idempotency
from shared.errors import Unavailable
from shared.postgres.measured_pool import MeasuredPool
from shared.settings import Settings, get_settings

DISCARD = "discard_instead_of_commit"
LAST_USE = "last_use"
REST_SECONDS = 1.0
SMALLEST_WORK_POOL = 4


def database_url(settings: Settings) -> str:
    """The address of the database with the password from its file, if there is one."""
    url = make_url(settings.database_url).set(drivername="postgresql+psycopg")
    if settings.database_password_file is not None:
        url = url.set(password=settings.database_password_file.read_text().strip())
    return url.render_as_string(hide_password=False)


WATCHED_LINE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 4,
    "tcp_user_timeout": 12_000,
}
"""A line that swallows everything is given up after some 12 seconds, not after hours."""


@dataclass(frozen=True)
class Pool:
    """How many connections a purpose gets, and how long a statement and a lock may take there."""

    size: int
    statement_ms: int
    lock_ms: int
    patience_seconds: float


def build_engine(settings: Settings, pool: Pool) -> Engine:
    """An engine whose connections carry their time limits and our name."""
    options = (
        f"-c statement_timeout={pool.statement_ms} -c lock_timeout={pool.lock_ms}"
        f" -c idle_in_transaction_session_timeout={settings.idle_in_transaction_timeout_ms}"
        " -c timezone=UTC"
    )
    engine = create_engine(
        database_url(settings),
        poolclass=MeasuredPool,
        pool_size=pool.size,
        max_overflow=0,
        pool_timeout=pool.patience_seconds,
        connect_args={"options": options, "application_name": "btim", **WATCHED_LINE},
        json_deserializer=_read_json,
        hide_parameters=True,  # what callers send stays out of error texts
    )
    event.listen(engine, "checkout", _ping_after_a_rest)
    event.listen(engine, "checkin", _note_use)
    return engine


def _read_json(content: bytes) -> Any:
    """A JSON value; pydantic's reader is some times faster but refuses very deep nesting."""
    try:
        return from_json(content)
    except ValueError:
        return json.loads(content)


def _note_use(_: Any, record: Any) -> None:
    record.info[LAST_USE] = time.monotonic()


def _ping_after_a_rest(connection: Any, record: Any, _: Any) -> None:
    """Look whether a connection still lives, but only after a rest: a ping costs a round trip."""
    if time.monotonic() - record.info.get(LAST_USE, time.monotonic()) < REST_SECONDS:
        return
    try:
        connection.execute("")
    except psycopg.Error as error:
        raise DisconnectionError from error
    finally:
        if not connection.closed and not connection.autocommit:
            connection.rollback()


@cache
def get_engine() -> Engine:
    """The engine of the requests of this process."""
    settings = get_settings()
    pool = Pool(
        settings.database_pool_size,
        settings.statement_timeout_ms,
        settings.lock_timeout_ms,
        settings.database_pool_timeout_seconds,
    )
    return build_engine(settings, pool)


@cache
def work_engine() -> Engine:
    """The engine of what lasts: jobs, chores, files that are streamed to slow readers.

    Its connections are its own, so that whoever reads slowly takes none from the requests.
    """
    settings = get_settings()
    pool = Pool(
        max(SMALLEST_WORK_POOL, settings.database_pool_size // 2),
        settings.work_statement_timeout_ms,
        settings.work_lock_timeout_ms,
        settings.database_pool_timeout_seconds,
    )
    return build_engine(settings, pool)


@cache
def _probing_engine() -> Engine:
    """One connection for probes, which must be answered when all others are in use."""
    return build_engine(get_settings(), Pool(1, 2_000, 2_000, 2.0)).execution_options(
        isolation_level="AUTOCOMMIT"
    )


def close_connections() -> None:
    """Give back every connection of this process."""
    for engine in (get_engine(), work_engine(), _probing_engine()):
        engine.dispose()


def forget_engines() -> None:
    """Build the engines anew at their next use, from the settings as they are then."""
    for engine in (get_engine, work_engine, _probing_engine, _reading_engine):
        engine.cache_clear()


def new_session() -> Session:
    """A session outside a request (jobs, streams, commands); `in_transaction` also commits."""
    return Session(work_engine(), expire_on_commit=False)


@cache
def _reading_engine() -> Engine:
    """The same pool of connections, each statement by itself."""
    return get_engine().execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def in_transaction() -> Iterator[Session]:
    """A session whose work is committed at the end, or not at all."""
    with new_session() as session:
        yield session
        session.commit()


@contextmanager
def at_once() -> Iterator[Any]:
    """A connection on which every statement commits by itself (progress, short look-ups)."""
    try:
        connection = get_engine().connect()
    except PoolTimeout:
        raise Unavailable("all database connections are in use", code="database_busy") from None
    with connection.execution_options(isolation_level="AUTOCOMMIT") as autocommit:
        yield autocommit


def discard(session: Session) -> None:
    """Let the request end without keeping what it did (`?dry_run=true`)."""
    session.info[DISCARD] = True


async def get_session(request: Request) -> AsyncIterator[Session]:
    """The session of a request; its commit happens before the answer goes out.

    A GET reads without a transaction, which saves it two round trips; every statement sees what
    is committed by then.
    """
    if request.method == "GET":
        with Session(_reading_engine(), expire_on_commit=False) as reading:
            yield reading
        return
    session = Session(get_engine(), expire_on_commit=False)
    try:
        if getattr(request.state, "idempotent", None) is not None:
            await run_in_threadpool(idempotency.claim, session, request.state)
        request.state.session = session
        yield session
        if session.info.get(DISCARD):
            await run_in_threadpool(session.rollback)
        else:
            await run_in_threadpool(session.commit)
    finally:
        await run_in_threadpool(session.close)


SessionDep = Annotated[Session, Depends(get_session, scope="function")]


def raw_connection(session: Session) -> Any:
    """The psycopg connection under a session, for COPY and for jobs in the same transaction."""
    return session.connection().connection.driver_connection


@contextmanager
def probing() -> Iterator[Any]:
    """A connection for looking whether all is well; raises Unavailable when it is not."""
    try:
        with _probing_engine().connect() as connection:
            yield connection
    except (DBAPIError, PoolTimeout):
        raise Unavailable("the database does not answer", code="database_unavailable") from None
