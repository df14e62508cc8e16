"""Every hostile file through the API of a running system: refused with a code, in little memory."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.ingest.files import limits
from services.ingest.files.binary import decoding
from services.ingest.files.detected import ReadHints
from services.ingest.files.limits import DECODERS_AT_ONCE, DEFAULT_LIMITS
from services.ingest.files.problems import FILE_CODES
from shared.errors import Unavailable
from tests.security import hostile_files as hostile
from tests.security.more_hostile_files import REFUSED, TAKEN

MOST_MIB = 512
CODES = {*FILE_CODES, "unknown_column", "no_rows", "too_many_rejects", "all_rejected", "invalid"}
GIANTS: dict[str, Callable[[Path], Path]] = {
    "a line of a gigabyte": lambda path: hostile.sparse_line(path, size=1023),
    "a packed line of a gigabyte": lambda path: hostile.one_line(path, size=1024),
}
Known = dict[str, Callable[[Path], Path]]


def refused() -> Known:
    """All that is refused, by name."""
    return {**{name: write for name, (write, _) in hostile.REFUSED.items()}, **REFUSED}


def test_the_corpus_is_large() -> None:
    assert len(refused()) >= 40
    assert len(refused()) + len(TAKEN) + len(GIANTS) + len(hostile.READ) >= 55


def test_no_more_than_a_few_decoders_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hostile.a_workbook(tmp_path / "upload")
    monkeypatch.setattr(decoding, "TURN_SECONDS", 0.01)
    for _ in range(DECODERS_AT_ONCE):
        decoding._at_once.acquire()
    try:
        with (
            pytest.raises(Unavailable),
            decoding.decoded("xlsx", path, ReadHints(), DEFAULT_LIMITS),
        ):
            pass
    finally:
        for _ in range(DECODERS_AT_ONCE):
            decoding._at_once.release()
    assert limits.TURN_SECONDS > 1
    with decoding.decoded("xlsx", path, ReadHints(), DEFAULT_LIMITS) as found:
        assert len(list(found.batches)) == 1


def outcome(client: Any, path: Path) -> tuple[str, str | None]:
    """What becomes of a file: `succeeded`, or `failed` or `refused` with a code."""
    with path.open("rb") as stream:
        answer = client.post(
            "/v1/imports?wait=60", data={"kind": "ledger"}, files={"file": ("upload", stream)}
        )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        return "refused", str(answer.json()["code"])
    path_of_import = f"/v1/imports/{answer.json()['id']}"
    found = client.get(path_of_import).json()
    until = time.monotonic() + 120
    while found["status"] not in {"succeeded", "failed"} and time.monotonic() < until:
        time.sleep(0.2)
        found = client.get(path_of_import).json()
    return str(found["status"]), (found["problem"] or {}).get("code")


def peak_mib(process: psutil.Process) -> int:
    """The most memory that a process has ever held."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


@pytest.mark.slow
def test_a_running_system_survives_the_whole_corpus(tmp_path: Path) -> None:
    import httpx2

    from cli.system.free_ports import free_port
    from tests.crash.running_system import RunningSystem

    scratch = tmp_path / "scratch"
    data = tmp_path / "data"
    for folder in (scratch, data):
        folder.mkdir()
    system = RunningSystem(data, free_port(), settings={"TMPDIR": str(scratch)})
    system.start()
    try:
        system.await_ready()
        head = {"Authorization": f"Bearer {system.key}"}
        with httpx2.Client(base_url=system.urls["ingest"], headers=head, timeout=180) as client:
            cases = {**refused(), **GIANTS}
            said = {name: outcome(client, write(tmp_path / "f")) for name, write in cases.items()}
            taken = {name: outcome(client, write(tmp_path / "f")) for name, write in TAKEN.items()}
        assert system._process is not None
        ours = [
            each
            for each in psutil.Process(system._process.pid).children(recursive=True)
            if "python" in each.name()
        ]
        peaks = {" ".join(each.cmdline()[-3:]): peak_mib(each) for each in ours}
    finally:
        system.stop()
    assert {name: each for name, each in said.items() if each[0] == "succeeded"} == {}
    assert {each[1] for each in said.values()} <= CODES
    assert {status for status, _ in taken.values()} == {"succeeded"}
    assert len(peaks) >= 6
    assert max(peaks.values()) <= MOST_MIB, peaks
    assert [path.name for path in scratch.rglob("*") if path.is_file()] == []
