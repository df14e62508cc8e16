"""Compiling kernels with Numba: cached on disk wherever that is possible, on our own threads.

Kernels are compiled without Numba's threading layers: they release the interpreter lock and run on
threads of ours, so that runs in one process may overlap (`workqueue` aborts then) and the process
may fork.
"""

import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any


def prepare_kernel_cache() -> None:
    """Point Numba at a folder that it can write, before it is imported for the first time.

    Beside the code when that is writable; else in the user's cache folder; else (read-only site,
    no home) in a private folder among the temporary files. A setting of the operator wins.
    """
    if os.environ.get("NUMBA_CACHE_DIR") or os.access(Path(__file__).parent, os.W_OK):
        return
    home_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (home_cache / "btim" / "kernels", _private_temporary_folder()):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if _is_ours(folder):
            os.environ["NUMBA_CACHE_DIR"] = str(folder)
            return


def _private_temporary_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"btim-kernels-{os.getuid()}"


def _is_ours(folder: Path) -> bool:
    """Cached kernels are code: nobody else may be able to put them there."""
    found = folder.lstat()
    foreign = stat.S_IWGRP | stat.S_IWOTH
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & foreign
    )


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function of arrays; without a place for the cache it is compiled every time."""
    prepare_kernel_cache()
    import numba

    settings = {"nogil": True, "cache": True, "boundscheck": False, **options}

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return numba.njit(**settings)(function)  # type: ignore[no-any-return]
        except RuntimeError:
            return numba.njit(**{**settings, "cache": False})(function)  # type: ignore[no-any-return]

    return compiled


def thread_count() -> int:
    """How many threads a kernel uses: BTIM_ENGINE_THREADS, else the cores this process may use."""
    asked = os.environ.get("BTIM_ENGINE_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(process_id: int, threads: int) -> ThreadPoolExecutor:
    """One pool per process (a fork has no threads of its parent's) and size."""
    return ThreadPoolExecutor(threads, thread_name_prefix="kernel")


def run_parts(work: Callable[[int, int], Any], cuts: Sequence[int]) -> list[Any]:
    """Call `work(first, last)` for each stretch between neighbouring cuts, several at once."""
    stretches = [(a, b) for a, b in pairwise(cuts) if b > a]
    threads = thread_count()
    if threads == 1 or len(stretches) <= 1:
        return [work(first, last) for first, last in stretches]
    pool = _pool(os.getpid(), threads)
    return [part.result() for part in [pool.submit(work, a, b) for a, b in stretches]]
