"""`btim up` from start to end: ready, refused twice, killed part by part, taken down clean."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.crash_test import SETTINGS, Crashing
from tests.crash.running_system import ROOT, RunningSystem, Victim
from tests.running import outside_environment

PORT_BASE = 18461
KILLED = ("service", "worker", "postmaster", "connection", "supervisor")
"""The further kinds end Postgres as well, in ways of their own: see test_crash.py."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    folder = tmp_path_factory.mktemp("up")
    running = RunningSystem(folder / "data", PORT_BASE, settings=dict(SETTINGS))
    running.start()
    yield running
    running.stop()


def btim(*arguments: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    """A command as a robot calls it: no terminal, nothing on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments, "--data-dir", str(data_dir)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=outside_environment(),
        check=False,
    )


def the(system: RunningSystem, kind: str) -> Victim:
    return next(victim for victim in system.processes() if victim.kind == kind)


def test_three_services_and_three_workers_run_as_processes_of_their_own(
    system: RunningSystem,
) -> None:
    kinds = [victim.kind for victim in system.processes()]
    assert (kinds.count("service"), kinds.count("worker"), kinds.count("postmaster")) == (3, 3, 1)


def test_a_second_up_in_the_same_folder_is_refused(system: RunningSystem) -> None:
    refused = btim("up", "--json", data_dir=system.data_dir)
    assert refused.returncode == 3
    assert f"in use by process {the(system, 'supervisor').pid}" in refused.stderr
    assert json.loads(refused.stdout)["problem"]["code"] == "cannot_start"


def test_a_key_is_made_refused_beyond_its_scope_and_revoked(
    system: RunningSystem, tmp_path: Path
) -> None:
    weak = tmp_path / "weak.key"
    options = ["--scope", "ingest:read", "--out", str(weak), "--json"]
    made = btim("key", "create", "reader", *options, data_dir=system.data_dir)
    refused = btim("key", "list", "--key-file", str(weak), "--json", data_dir=system.data_dir)
    assert refused.returncode == 4
    assert json.loads(refused.stdout)["problem"]["code"] == "scope_missing"
    key_id = json.loads(made.stdout)["id"]
    assert btim("key", "revoke", key_id, data_dir=system.data_dir).returncode == 0
    listed = btim("key", "list", "--json", data_dir=system.data_dir)
    revoked = {key["id"]: key["revoked_at"] for key in json.loads(listed.stdout)["items"]}
    assert revoked[key_id] is not None


def test_nothing_accepted_is_lost_or_doubled_when_any_part_is_killed(
    system: RunningSystem,
) -> None:
    Crashing(system, seed=11).run(len(KILLED), choice=KILLED)


def test_a_stop_ends_everything_and_says_so_with_exit_code_0(system: RunningSystem) -> None:
    former = system.processes()
    os.kill(the(system, "supervisor").pid, signal.SIGTERM)  # a shell may pass one wish on twice
    assert system.stop() == 0
    assert all(victim.is_gone() for victim in former)
    assert "was killed" not in (system.data_dir.parent / "up.log").read_text()
    assert not (system.data_dir / "addresses.json").exists()
    assert btim("key", "list", data_dir=system.data_dir).returncode == 3


def test_ctrl_c_while_starting_leaves_nothing(tmp_path: Path) -> None:
    starting = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "up", "--data-dir", str(tmp_path / "data")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=outside_environment(),
    )
    until = time.monotonic() + 30
    while not (tmp_path / "data" / "postgres").exists() and time.monotonic() < until:
        time.sleep(0.02)
    starting.send_signal(signal.SIGINT)
    _, said = starting.communicate(timeout=30)
    assert starting.returncode == 0
    assert b"stopped" in said
    assert not (tmp_path / "data" / "postgres" / "postmaster.pid").exists()


def test_a_wrong_command_line_ends_with_exit_code_2(tmp_path: Path) -> None:
    assert btim("run", data_dir=tmp_path).returncode == 2
