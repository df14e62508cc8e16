"""Children of the supervisor: restarted ever more slowly, ended with their marks, never doubled."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.data_folder import DataFolder, FolderInUseError
from cli.system import leftovers, watched_child
from cli.system.listeners import HOST, open_listeners
from cli.system.watched_child import ChildPlan, WatchedChild, trim_log

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
ENDS = [sys.executable, "-c", "raise SystemExit(3)"]
IGNORES_TERM = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(60)",
]


def a_child(tmp_path: Path, command: list[str]) -> WatchedChild:
    return WatchedChild(ChildPlan("child", command, dict(os.environ), tmp_path / "child.log"))


def await_death(child: WatchedChild) -> str:
    for _ in range(500):
        sentence = child.note_death()
        if sentence is not None:
            return sentence
        time.sleep(0.01)
    raise AssertionError("the child lives on")


def never() -> bool:
    return False


def test_a_child_that_died_once_is_started_again_at_once(tmp_path: Path) -> None:
    child = a_child(tmp_path, SLEEPS)
    child.start()
    assert child.process is not None
    os.kill(child.process.pid, signal.SIGKILL)
    assert await_death(child) == "child ended (SIGKILL) and is started again"
    child.start_if_due()
    assert child.process is not None
    assert child.await_end(time.monotonic(), hurry=never) is False


def test_a_child_that_keeps_dying_waits_longer_each_time(tmp_path: Path) -> None:
    child = a_child(tmp_path, ENDS)
    for _ in range(3):
        child.start()
        assert "exit code 3" in await_death(child)
    child.start_if_due()
    assert child.process is None
    assert child._next_start_at - time.monotonic() == pytest.approx(1.0, abs=0.3)


def test_a_child_deaf_to_sigterm_is_killed_at_the_deadline(tmp_path: Path) -> None:
    child = a_child(tmp_path, IGNORES_TERM)
    child.start()
    while "deaf" not in child.log_tail():
        time.sleep(0.01)
    child.ask_to_stop()
    assert child.await_end(time.monotonic() + 0.3, hurry=never) is False
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    starter = (
        "import sys, time; from pathlib import Path; from tests.unit import test_cli_children as t;"
        "child = t.a_child(Path(sys.argv[1]), t.SLEEPS); child.start();"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        grandchild = int(parent.stdout.readline())
        parent.kill()
    for _ in range(300):
        if not _runs(grandchild):
            return
        time.sleep(0.01)
    raise AssertionError("the child outlived its parent")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_only_processes_with_the_mark_are_swept() -> None:
    marked = {**os.environ, leftovers.MARK_VARIABLE: "4711-of-this-test"}
    with (
        subprocess.Popen(SLEEPS, env=marked) as ours,
        subprocess.Popen(SLEEPS) as other,
    ):
        assert leftovers.sweep("4711-of-this-test") == 1
        assert ours.wait(5) == -signal.SIGKILL
        assert other.poll() is None
        other.kill()


def test_a_taken_port_is_replaced_by_a_free_one_and_the_wish_is_remembered() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        listeners = open_listeners(min(port, 65533))
        first = listeners[0]
        assert first.wished_port == port
        assert first.port != port
        assert [listener.service for listener in listeners] == ["ingest", "allocation", "valuation"]
        for listener in listeners:
            listener.opened.close()


def test_a_folder_is_held_by_one_process_and_says_by_which(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.make()
    with folder.held(), pytest.raises(FolderInUseError, match=str(os.getpid())), folder.held():
        pass
    with folder.held():
        pass


def test_the_folder_of_the_keys_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.make()
    assert stat.S_IMODE(folder.secrets.stat().st_mode) == 0o700
    assert folder.mark() == folder.mark()


def test_a_log_that_grew_too_long_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_child, "_LOG_LIMIT_BYTES", 10)
    log = tmp_path / "service.log"
    log.write_text("more than ten bytes")
    trim_log(log)
    assert log.read_text() == ""
    assert (tmp_path / "service.log.1").read_text() == "more than ten bytes"
