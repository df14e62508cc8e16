"""Writes in a thread while the caller makes what is to be written next."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

Write = Callable[[bytes], None]


@contextmanager
def in_background(write: Write) -> Iterator[Write]:
    """Hand pieces over, one at a time; at the end all are written.

    What goes wrong with a piece is raised when the next one is handed over, or at the end.
    """
    last: Future[None] | None = None

    def hand_over(piece: bytes) -> None:
        nonlocal last
        if last is not None:
            last.result()
        last = writer.submit(write, piece)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-writer") as writer:
        yield hand_over
        if last is not None:
            last.result()
