"""Which user the Postgres server becomes when root starts it (it refuses to run as root).

Root's own folders are often closed to everyone else (`/root`, `mktemp -d`). We do not open
folders that are not ours: where the way to the binaries or the data is closed, the server keeps
root's right to pass (CAP_DAC_OVERRIDE alone) and works in place; else it keeps nothing.
"""

import os
import pwd
import stat
from dataclasses import replace
from pathlib import Path

from cli.child_process import RunAs

_CANDIDATES = ("postgres", "nobody", "daemon")


def choose_user(data: Path, binaries: Path) -> RunAs | None:
    """None for an ordinary user; for root another user, who can reach data and binaries.

    An existing cluster keeps its owner, so that the choice holds over restarts.
    """
    if os.geteuid() != 0:
        return None
    user = _owner(data) or _first_known()
    reached = _reaches(user, data) and _reaches(user, binaries / "share" / "postgres.bki")
    return user if reached else replace(user, passes_closed_folders=True)


def _owner(path: Path) -> RunAs | None:
    found = path.stat() if path.exists() else None
    return RunAs(found.st_uid, found.st_gid) if found is not None and found.st_uid != 0 else None


def _first_known() -> RunAs:
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(entry.pw_uid, entry.pw_gid)
    raise RuntimeError(f"root needs one of the users {', '.join(_CANDIDATES)} to run Postgres as")


def _reaches(user: RunAs, path: Path) -> bool:
    """Whether the user may walk to the path and read it, judged by mode bits alone."""
    target = path.resolve()
    return _allowed(user, target, stat.S_IROTH) and all(
        _allowed(user, folder, stat.S_IXOTH) for folder in target.parents
    )


def _allowed(user: RunAs, path: Path, bit: int) -> bool:
    found = path.stat()
    if found.st_uid == user.uid:
        return bool(found.st_mode & (bit << 6))
    if found.st_gid == user.gid:
        return bool(found.st_mode & (bit << 3))
    return bool(found.st_mode & bit)
