"""Processes that outlived a killed supervisor: found by the mark in their environment."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK_VARIABLE = "BTIM_SUPERVISOR_MARK"


def sweep(mark: str, patience_seconds: float = 10.0) -> int:
    """Kill every process that carries the mark and wait until it is gone; answers how many.

    Only our own children and theirs carry it, so nothing else is ever touched.
    """
    deadline = time.monotonic() + patience_seconds
    found: set[int] = set()
    while leftovers := _carriers(mark):
        found |= leftovers
        for pid in leftovers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return len(found)


def _carriers(mark: str) -> set[int]:
    wanted = f"{MARK_VARIABLE}={mark}".encode()
    pids: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile, or not ours to read; a dead one reads as empty
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                pids.add(int(entry.name))
    return pids - {os.getpid()}
