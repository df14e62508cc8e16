"""Reads from databases outside: listed hosts, one SELECT at a time, never a change."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from shared.clients.outside.hosts import resolve
from shared.clients.outside.problems import SourceRefused, SourceSaysNo, SourceUnreachable
from shared.clients.outside.select import Select, Tagged
from shared.clients.outside.values import (
    exact_value,
    from_cursor,
    read_json_exactly,
    to_cursor,
)
from shared.clients.outside_one_select import check_select
from shared.errors import RuleBroken
from shared.settings import get_settings

DRIVERS = {
    "postgresql": ("postgresql+psycopg", 5432),
    "mysql": ("mysql+pymysql", 3306),
    "mssql": ("mssql+pymssql", 1433),
    "oracle": ("oracle+oracledb", 1521),
}
CONNECT_SECONDS = 10
REFUSING_STATES = ("28", "42501")
PASSING_STATES = {"08", "40", "53", "55", "57"}


@dataclass(frozen=True)
class Place:
    """Which database, and as whom."""

    driver: str
    host: str | None
    port: int | None
    database: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: str = "prefer"


class OutsideDatabase:
    """One database that is only read; every read is a short transaction of its own."""

    def __init__(self, place: Place, *, pause: Callable[[float], object] = time.sleep) -> None:
        self._place = place
        self._pause = pause
        self._engine: Engine | None = None

    def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def read(self, asked: Select) -> "Answer":
        """The next rows; trouble that may pass is tried again for a while."""
        check_select(asked.query, self._place.driver)
        settings = get_settings()
        for attempt in range(1, settings.source_attempts + 1):
            try:
                return self._read(asked)
            except SourceUnreachable:
                if attempt == settings.source_attempts:
                    raise
                growing = settings.source_first_pause_seconds * 2.0 ** (attempt - 1)
                if self._pause(min(30.0, growing * (0.5 + random.random()))) is False:
                    raise
        raise SourceUnreachable("no attempt was made")

    def _read(self, asked: Select) -> "Answer":
        engine = self._engine = self._engine or _engine_of(self._place)
        statement, values = asked.compile(engine.dialect)
        try:
            with engine.connect() as connection:
                _only_read(connection)
                bound = {name: from_cursor(value) for name, value in values.items()}
                result = connection.execute(text(statement), bound)
                names = list(result.keys())
                rows = [dict(zip(names, row, strict=True)) for row in result]
                connection.rollback()
        except DBAPIError as error:
            raise _problem_of(error) from None
        return Answer(
            rows=[{name: exact_value(value) for name, value in row.items()} for row in rows],
            columns=names,
            last=_place_of(rows[-1], asked) if rows else None,
        )


@dataclass(frozen=True)
class Answer:
    """Rows with exact values, the names of the columns, and where the next rows begin."""

    rows: list[dict[str, Any]]
    columns: list[str]
    last: list[Tagged] | None


def _place_of(row: dict[str, Any], asked: Select) -> list[Tagged]:
    order = [name for name in asked.order if not (asked.unmarked and name == asked.mark)]
    if any(row.get(name) is None for name in order):
        raise SourceSaysNo("a column of the key has no value, or is not in the answer", status=400)
    return [to_cursor(row[name]) for name in order]


def _engine_of(place: Place) -> Engine:
    if place.driver == "sqlite":
        url = URL.create(
            "sqlite", database=f"file:{quote(place.database)}", query={"mode": "ro", "uri": "true"}
        )
        return create_engine(url, poolclass=NullPool)
    name, usual_port = DRIVERS[place.driver]
    port = place.port or usual_port
    host = place.host or ""
    addresses = resolve(host, port, get_settings().source_hosts)
    options, shown_host = _options(place, addresses)
    url = URL.create(
        name,
        username=place.user,
        password=place.password,
        host=shown_host,
        port=port,
        database=place.database,
    )
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=options)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise RuleBroken(
            f"no driver for {place.driver} is installed here", code="driver_not_installed"
        ) from None
    if place.driver == "postgresql":
        event.listen(engine, "connect", _exact_json)
    return engine


def _options(place: Place, addresses: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Arguments of the driver, and the host that it is told: the address that was checked."""
    if place.driver != "postgresql":
        return ({"connect_timeout": CONNECT_SECONDS} if place.driver == "mysql" else {}), addresses[
            0
        ]
    settings = get_settings()
    seconds = round(settings.source_timeout_seconds)
    options: dict[str, Any] = {
        "hostaddr": addresses[0],
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "btim-source",
        "options": f"-c statement_timeout={seconds * 1000} -c timezone=UTC -c datestyle=ISO"
        " -c default_transaction_read_only=on -c standard_conforming_strings=on",
        "sslmode": place.tls,
    }
    if settings.source_ca_file is not None:
        options["sslrootcert"] = str(settings.source_ca_file)
    return options, place.host or ""


def _exact_json(connection: Any, _: Any) -> None:
    from psycopg.types.json import set_json_loads

    set_json_loads(read_json_exactly, connection)


def _only_read(connection: Connection) -> None:
    name = connection.dialect.name
    if name == "sqlite":
        connection.exec_driver_sql("pragma query_only = on")
    elif name in {"postgresql", "oracle"}:
        connection.exec_driver_sql("set transaction read only")
    elif name == "mysql":
        connection.exec_driver_sql("start transaction read only")


def _problem_of(error: DBAPIError) -> Exception:
    """What a caller may know: the kind of trouble and the database's own first sentence."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    words = str(error.orig)
    if state.startswith(REFUSING_STATES) or "authentication failed" in words:
        return SourceRefused("the database does not let us in; look at user, secret and rights")
    if error.connection_invalidated or _may_pass(error, state, words):
        return SourceUnreachable("the database does not answer")
    first = getattr(getattr(error.orig, "diag", None), "message_primary", None) or words
    return SourceSaysNo(f"the database rejects the query: {str(first)[:200]}", status=400)


def _may_pass(error: DBAPIError, state: str, words: str) -> bool:
    if state:
        return state[:2] in PASSING_STATES
    if error.orig is not None and type(error.orig).__module__ == "sqlite3":
        return any(part in words for part in ("locked", "unable to open", "I/O", "busy"))
    return isinstance(error, OperationalError | InterfaceError)
