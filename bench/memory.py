"""The highest memory of our processes and of the database server while something runs."""

import contextlib
import threading
from collections.abc import Sequence

import psutil


class Peaks:
    """Watches processes, and the largest process of a server (its own, unshared part), in bytes.

    The figure of a process is that of the largest among it and those that it has started, but for
    the server's.

    `highest` has one figure per process in their order, the server's last.
    """

    def __init__(self, server: int | None, *processes: int) -> None:
        assert server is not None
        self._server = psutil.Process(server)
        self._ours = [psutil.Process(process) for process in processes]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.highest = [0] * (len(processes) + 1)

    def __enter__(self) -> "Peaks":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def megabytes(self) -> Sequence[str]:
        """The peaks for a table."""
        return [f"{peak / (1 << 20):,.0f}" for peak in self.highest]

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            found = [self._largest_of(process) for process in self._ours]
            found.append(self._largest_of_server())
            self.highest = [max(pair) for pair in zip(self.highest, found, strict=True)]

    def _largest_of(self, process: psutil.Process) -> int:
        sizes = [process.memory_info().rss]
        apart = {self._server, *self._server.children(recursive=True)}
        for child in set(process.children(recursive=True)) - apart:
            with contextlib.suppress(psutil.Error):
                sizes.append(child.memory_info().rss)
        return max(sizes)

    def _largest_of_server(self) -> int:
        sizes = [0]
        for child in self._server.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                memory = child.memory_info()
                sizes.append(memory.rss - memory.shared)
        return max(sizes)
