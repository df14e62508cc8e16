"""Which version the schema has, and which one this code needs."""

from functools import cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from shared.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]


def alembic_config() -> Config:
    """The configuration of the migrations beside this package."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.set_main_option("file_template", "%%(year)d-%%(month).2d-%%(day).2d_%%(slug)s")
    return config


@cache
def newest_revision() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    return str(head)


@cache
def _known_revisions() -> frozenset[str]:
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return frozenset(script.revision for script in scripts)


def present_revision(connection: Any) -> str | None:
    """The revision that the database has, or None while it has no schema at all."""
    query = text("select to_regclass('alembic_version') is not null")
    if not connection.execute(query).scalar_one():
        return None
    found: str | None = connection.execute(
        text("select version_num from alembic_version")
    ).scalar_one_or_none()
    return found


def check_schema(connection: Any) -> None:
    """Raise Unavailable while the schema is older than this code needs.

    One that this code does not know is newer: older code works on until it is replaced.
    """
    found = present_revision(connection)
    if found is None or (found != newest_revision() and found in _known_revisions()):
        raise Unavailable("the database schema is not migrated yet", code="schema_not_migrated")
