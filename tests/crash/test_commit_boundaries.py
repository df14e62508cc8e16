"""A process that dies at any write or commit of a money flow: done again, it ends as undisturbed.

Each flow is broken off at its first moment, at its second, and so on until it ends by itself; a
moment lies before and after every commit and after every writing statement, those of the job
queue among them. Whatever was broken off is done again by the same commands.
"""

import multiprocessing
import os
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.crash.dying import DEAD
from tests.crash.flows import FLOWS, perform
from tests.crash.whole_database import content_of

QUICK_FLOWS = ("upload a file", "push lines")
QUICK_STEP = 7
LONGEST_SECONDS = 300
STEPS = {"order a report": 3}
"""Of flows with very many moments each third one."""


class Laboratory:
    """A database for each flow's beginning, to be copied as often as a process dies."""

    def __init__(self, superuser_dsn: str, secrets_dir: Path) -> None:
        self._dsn = make_url(superuser_dsn)
        self._secrets_dir = str(secrets_dir)
        self._prepared = 0
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.crash.preloaded"])

    def perform(self, flow: str, database: str, deadly: int = 0) -> int:
        """The exit code of a process that does the flow."""
        process = self._context.Process(
            target=perform, args=(flow, deadly, self.url(database), self._secrets_dir)
        )
        process.start()
        process.join(LONGEST_SECONDS)
        if process.exitcode is None:
            process.kill()
        return process.exitcode if process.exitcode is not None else -1

    def url(self, database: str, *, superuser: bool = False) -> str:
        """How to reach one of the databases."""
        url = make_url(os.environ["BTIM_DATABASE_URL"]) if not superuser else self._dsn
        return url.set(database=database).render_as_string(hide_password=False)

    def copy(self, source: str, target: str) -> None:
        """A database like another one, in place of the former of this name."""
        names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
        with psycopg.connect(self.url("postgres", superuser=True), autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {target} with (force)").format(**names)
            )
            connection.execute(
                sql.SQL("create database {target} template {source} owner btim").format(**names)
            )

    def prepare(self, number: int) -> None:
        """The databases before and after the flow of this number."""
        for done in range(self._prepared, number + 1):
            self.copy(f"before_{done}", f"before_{done + 1}")
            assert self.perform(list(FLOWS)[done], f"before_{done + 1}") == 0
            self._prepared = done + 1

    def content(self, database: str) -> dict[str, str]:
        """What lies in it."""
        with psycopg.connect(self.url(database, superuser=True)) as connection:
            return content_of(connection)


@pytest.fixture(scope="module")
def laboratory(database: str, tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    from shared.database import close_connections
    from shared.settings import get_settings

    made = Laboratory(os.environ["BTIM_TEST_SUPERUSER_URL"], get_settings().secrets_dir)
    close_connections()
    made.copy(make_url(database).database or "", "before_0")
    assert made.perform("", "before_0") == 0
    return made


def die_everywhere(laboratory: Laboratory, flow: str, first: int = 1, step: int = 1) -> int:
    """Die at each moment and end as undisturbed; answers at how many moments."""
    number = list(FLOWS).index(flow)
    laboratory.prepare(number)
    undisturbed = laboratory.content(f"before_{number + 1}")
    deaths, deadly = 0, first
    while True:
        laboratory.copy(f"before_{number}", "dying")
        code = laboratory.perform(flow, "dying", deadly)
        if code == 0:
            assert laboratory.content("dying") == undisturbed
            return deaths
        assert code == DEAD
        deaths, deadly = deaths + 1, deadly + step
        assert laboratory.perform(flow, "dying") == 0
        assert laboratory.content("dying") == undisturbed, f"after death {deadly - step}"


@pytest.mark.parametrize("flow", QUICK_FLOWS)
def test_a_flow_broken_off_at_some_moments_ends_as_undisturbed(
    laboratory: Laboratory, flow: str
) -> None:
    assert die_everywhere(laboratory, flow, first=2, step=QUICK_STEP) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_broken_off_at_any_moment_ends_as_undisturbed(
    laboratory: Laboratory, flow: str
) -> None:
    deaths = die_everywhere(laboratory, flow, step=STEPS.get(flow, 1))
    assert deaths >= 5
    print(f"{flow}: died at {deaths} moments, ended as undisturbed each time")  # noqa: T201
