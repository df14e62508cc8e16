"""`btim up` from start to end: ready, refused twice, healing itself, taken down clean."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cli.probe import is_ready
from tests.crash.running_system import ROOT, RunningSystem, Victim
from tests.running import outside_environment

PORT_BASE = 18461


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    running = RunningSystem(tmp_path_factory.mktemp("up") / "data", PORT_BASE)
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


def is_gone(victim: Victim) -> bool:
    try:
        os.kill(victim.pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{victim.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"


def test_three_services_and_three_workers_run_as_processes_of_their_own(
    system: RunningSystem,
) -> None:
    kinds = [victim.kind for victim in system.processes()]
    assert (kinds.count("service"), kinds.count("worker"), kinds.count("postmaster")) == (3, 3, 1)


def test_each_service_serves_its_documents(system: RunningSystem) -> None:
    for service, url in system.urls.items():
        answer = httpx2.get(f"{url}/openapi.json", timeout=10).json()
        assert answer["info"]["title"] == f"BTIM {service}"


def test_a_second_up_in_the_same_folder_is_refused(system: RunningSystem) -> None:
    refused = btim("up", "--json", data_dir=system.data_dir)
    assert refused.returncode == 3
    assert f"in use by process {the(system, 'supervisor').pid}" in refused.stderr
    assert json.loads(refused.stdout)["problem"]["code"] == "cannot_start"


def test_keys_are_made_listed_and_revoked(system: RunningSystem) -> None:
    made = btim(
        "key", "create", "robot", "--scope", "ingest:write", "--json", data_dir=system.data_dir
    )
    key_id = json.loads(made.stdout)["id"]
    assert btim("key", "revoke", key_id, data_dir=system.data_dir).returncode == 0
    listed = btim("key", "list", "--json", data_dir=system.data_dir)
    revoked = {key["id"]: key["revoked_at"] for key in json.loads(listed.stdout)["items"]}
    assert revoked[key_id] is not None


def test_a_key_without_the_scope_is_refused_with_exit_code_4(
    system: RunningSystem, tmp_path: Path
) -> None:
    weak = tmp_path / "weak.key"
    options = ["--scope", "ingest:read", "--out", str(weak)]
    assert btim("key", "create", "reader", *options, data_dir=system.data_dir).returncode == 0
    refused = btim("key", "list", "--key-file", str(weak), "--json", data_dir=system.data_dir)
    assert refused.returncode == 4
    assert json.loads(refused.stdout)["problem"]["code"] == "scope_missing"


def test_the_audit_trail_of_a_running_system_verifies(system: RunningSystem) -> None:
    verified = btim("audit", "verify", "--json", data_dir=system.data_dir)
    assert (verified.returncode, json.loads(verified.stdout)["whole"]) == (0, True)


def test_a_killed_service_answers_again(system: RunningSystem) -> None:
    victim = the(system, "service")
    system.kill(victim)
    assert is_ready(int(system.urls[victim.name].rsplit(":", 1)[1]), timeout_seconds=20)


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_heals(
    system: RunningSystem,
) -> None:
    former = system.processes()
    ports = system.urls
    system.kill(the(system, "supervisor"))
    assert all(is_gone(victim) for victim in former)
    assert system.urls == ports


def test_a_stop_ends_everything_and_says_so_with_exit_code_0(system: RunningSystem) -> None:
    former = system.processes()
    os.kill(the(system, "supervisor").pid, signal.SIGTERM)  # a shell may pass one wish on twice
    assert system.stop() == 0
    assert all(is_gone(victim) for victim in former)
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
