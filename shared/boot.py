"""What a process looks at before it starts: whether its database may be trusted with money."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.engine import make_url

from shared.database import database_url, probing
from shared.errors import Unavailable
from shared.ids import new_id
from shared.logs import get_logger
from shared.postgres.migrations import newest_revision, present_revision
from shared.settings import Settings, get_settings

SCHEMA_PATIENCE_SECONDS = 60.0
SHORTEST_SECRET = 12
DEFAULT_SECRETS = {"btim", "postgres", "password", "admin", "secret", "changeme", "change-me"}
MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")
log = get_logger(__name__)


class UnsafeStartError(RuntimeError):
    """The process must not start like this; the message says why, one reason a sentence."""


class _Trust:
    """Whether the database of this process was found to be safe already."""

    given = False


def check_before_start() -> None:
    """Raise UnsafeStartError for an unsafe database; one that does not answer is looked at later.

    A schema that is being brought up to date is waited for.
    """
    settings = get_settings()
    if settings.production:
        _refuse(list(_careless(settings)), settings)
    until = time.monotonic() + SCHEMA_PATIENCE_SECONDS
    try:
        while (found := _present_revision()) != newest_revision():
            if time.monotonic() > until:
                _refuse([f"the schema is {found}, this code needs {newest_revision()}"], settings)
                break
            time.sleep(0.2)
        with probing() as connection:
            trust_database(connection)
    except Unavailable as error:
        log.warning("database_not_looked_at", reason=error.detail)


def trust_database(connection: Any) -> None:
    """Look at the database once; raises UnsafeStartError unless settings say to go on."""
    if not _Trust.given:
        settings = get_settings()
        _refuse([*_unsafe(connection), *_open_doors(settings)], settings)
        _Trust.given = True


def _refuse(reasons: list[str], settings: Settings) -> None:
    if not reasons:
        return
    if settings.production is False:
        log.debug("unsafe_start", reasons=reasons)
        return
    log.error("start_refused", reasons=reasons)
    raise UnsafeStartError(
        f"refusing to start: {'; '.join(reasons)} (BTIM_PRODUCTION=false starts all the same)"
    )


def _present_revision() -> str | None:
    with probing() as connection:
        return present_revision(connection)


def _unsafe(connection: Any) -> Iterator[str]:
    """What loses data at a power cut, or lets a fault in one query reach everything."""
    query = text("select name, setting from pg_settings where name = any(:names)")
    for name, value in connection.execute(query, {"names": list(MUST_BE_ON)}):
        if value == "off":
            yield f"{name} is off"
    query = text("select rolsuper from pg_roles where rolname = current_user")
    if connection.execute(query).scalar_one():
        yield "the database role is a superuser"


def _open_doors(settings: Settings) -> Iterator[str]:
    if settings.production and _takes_any_password(settings):
        yield "the database lets this role in with any password (trust)"


def _takes_any_password(settings: Settings) -> bool:
    url = make_url(database_url(settings)).set(drivername="postgresql", password=str(new_id()))
    try:
        psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _careless(settings: Settings) -> Iterator[str]:
    """What may stand in a trial and not where money is."""
    password = make_url(database_url(settings)).password
    if password is not None and (len(password) < SHORTEST_SECRET or password in DEFAULT_SECRETS):
        yield f"the database password is a default or shorter than {SHORTEST_SECRET} characters"
    if settings.log_level.upper() == "DEBUG":
        yield "debugging is on (BTIM_LOG_LEVEL)"
    if "*" in settings.cors_origins:
        yield "every origin may call (BTIM_CORS_ORIGINS)"
