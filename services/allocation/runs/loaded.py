"""Finished runs in memory: loaded once from their chunks, the least used given back."""

import gc
import importlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar
from uuid import UUID

import numpy as np
from sqlmodel import Session

from services.allocation.engine.result import RunResult
from services.allocation.engine.storing.driver_storage import QUANTITIES
from services.allocation.engine.storing.storage import load_run
from services.allocation.runs import repository
from services.allocation.runs.input_repository import archived
from services.allocation.runs.line_index import LineIndex, load_lines
from shared.errors import Conflict
from shared.tables.allocation.runs import AllocationRun

HeldT = TypeVar("HeldT")
KERNELS = "services.allocation.engine.tracing.trace_kernels"


class BoundedCache(Generic[HeldT]):
    """Things that never change, kept up to a number of bytes; each is loaded by one thread."""

    def __init__(self, max_bytes: int, size_of: Callable[[HeldT], int]) -> None:
        self._max_bytes, self._size_of = max_bytes, size_of
        self._held: OrderedDict[Hashable, tuple[HeldT, int]] = OrderedDict()
        self._loading: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, load: Callable[[], HeldT]) -> HeldT:
        """The thing of this key, loaded if it is not there."""
        with self._lock:
            found = self._find(key)
            if found is not None:
                return found
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:
            with self._lock:
                found = self._find(key)
            return found if found is not None else self._keep(key, load())

    def _find(self, key: Hashable) -> HeldT | None:
        if key not in self._held:
            return None
        self._held.move_to_end(key)
        return self._held[key][0]

    def _keep(self, key: Hashable, thing: HeldT) -> HeldT:
        with self._lock:
            self._held[key] = (thing, self._size_of(thing))
            self._loading.pop(key, None)
            while len(self._held) > 1 and sum(s for _, s in self._held.values()) > self._max_bytes:
                self._held.popitem(last=False)
        return thing


def _size_of_run(result: RunResult) -> int:
    arrays = [array for leg in result.legs for array in vars(leg).values()]
    arrays += [array for leg in result.legs for array in vars(leg.patterns).values()]
    arrays += [*vars(result.balances).values(), result.group_units]
    held = sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
    return held + 2_000 * result.numbering.count + 500 * len(result.groups)


class LoadedRuns:
    """The figures of finished runs, kept in this process."""

    def __init__(self, max_bytes: int) -> None:
        self._held = BoundedCache(max_bytes, _size_of_run)

    def get(self, session: Session, run: AllocationRun) -> RunResult:
        """The figures of a run. Conflict `run_not_finished` when it has none."""
        if run.status != "succeeded":
            message = f"the run is {run.status}; it has no figures"
            raise Conflict(message, code="run_not_finished")
        return self._held.get((run.id, run.rewritten), lambda: _load(session, run.id))


def _load(session: Session, run_id: UUID) -> RunResult:
    """Read a run; its kernels get ready while the database sends."""
    kernels = threading.Thread(target=load_kernels)
    kernels.start()
    stored = repository.read_chunks_of(session, run_id, without=QUANTITIES)
    if not stored:
        raise archived(run_id)
    with collecting_later():
        result = load_run(stored)
    kernels.join()
    return result


def load_kernels() -> None:
    """Load what a trace needs and nothing else does; the first time takes half a second."""
    for name in (KERNELS, "pyarrow.parquet"):
        importlib.import_module(name)


@contextmanager
def collecting_later() -> Iterator[None]:
    """No search for garbage while very many things are made that all stay: it finds none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


loaded_runs = LoadedRuns(1_000_000_000)
_lines: BoundedCache[LineIndex] = BoundedCache(300_000_000, lambda index: index.byte_count)


def lines_of(session: Session, run: AllocationRun) -> LineIndex:
    """The single lines of a run."""
    result = loaded_runs.get(session, run)
    return _lines.get((run.id, run.rewritten), lambda: load_lines(session, run, result))
