"""Starting a child process so that it dies with us, under another user when we are root."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_PR_GET_SECUREBITS = 27
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


@dataclass(frozen=True)
class RunAs:
    """The user a child becomes; `passes_closed_folders` keeps root's right to walk through 0700
    folders on the way to its own files (and nothing else of root's rights but file access)."""

    uid: int
    gid: int
    passes_closed_folders: bool = False


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: IO[bytes],
    death_signal: signal.Signals,
    run_as: RunAs | None = None,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in its own session, its output in `log`.

    The kernel sends it `death_signal` when the thread that called this ends, however it ends; so
    call it from a thread that lives as long as the child should, normally the main one.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=tuple(pass_fds),
        cwd=cwd,
        preexec_fn=_prepare(death_signal, run_as),  # noqa: PLW1509  # our parents are single-threaded
    )


def _prepare(death_signal: signal.Signals, run_as: RunAs | None) -> Callable[[], None]:
    """What the child does between fork and exec; the library is loaded before the fork."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    parent = os.getpid()

    def prepare() -> None:
        if run_as is not None:
            _become(run_as, libc)
        if libc is not None:
            # After the change of user, which clears the setting.
            libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def _become(run_as: RunAs, libc: ctypes.CDLL | None) -> None:
    if run_as.passes_closed_folders and libc is not None:
        # Rights outlive the change of user, and access(2), too, sees the one that stays.
        bits = libc.prctl(_PR_GET_SECUREBITS, 0, 0, 0, 0) | _SECBIT_NO_SETUID_FIXUP
        if libc.prctl(_PR_SET_SECUREBITS, bits, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECUREBITS)")
    os.setgroups([run_as.gid])
    os.setresgid(run_as.gid, run_as.gid, run_as.gid)
    os.setresuid(run_as.uid, run_as.uid, run_as.uid)
    if run_as.passes_closed_folders and libc is not None:
        _keep_only(CAP_DAC_OVERRIDE, libc)


def _keep_only(capability: int, libc: ctypes.CDLL) -> None:
    """Drop every capability but one, and let that one live through exec."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_CAP_AMBIENT)")
