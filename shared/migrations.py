"""Which version the schema has, and which one this code needs."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from shared.database import at_once
from shared.errors import Unavailable

ROOT = Path(__file__).resolve().parent.parent


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


def at_head() -> None:
    """Raise Unavailable while the database has another schema than this code needs."""
    with at_once() as connection:
        present = connection.execute(
            text("select to_regclass('alembic_version') is not null")
        ).scalar_one()
        found = (
            connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
            if present
            else None
        )
    if found != newest_revision():
        raise Unavailable("the database schema is not migrated yet", code="schema_not_migrated")
