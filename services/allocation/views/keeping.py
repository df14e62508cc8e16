"""Things of finished runs that never change, kept in this process; the least used given back."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

ThingT = TypeVar("ThingT")


class Kept(Generic[ThingT]):
    """Things by key, up to a number of bytes (and always the last one)."""

    def __init__(self, max_bytes: int, size_of: Callable[[ThingT], int]) -> None:
        self._max_bytes, self._size_of = max_bytes, size_of
        self._held: OrderedDict[Hashable, tuple[ThingT, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], ThingT]) -> ThingT:
        """The thing of this key, made if it is not there. Two threads may both make it."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0]
        return self._keep(key, make())

    def _keep(self, key: Hashable, thing: ThingT) -> ThingT:
        size = self._size_of(thing)
        with self._lock:
            if key not in self._held:
                self._held[key] = (thing, size)
                self._bytes += size
            while self._bytes > self._max_bytes and len(self._held) > 1:
                _, (_, given_back) = self._held.popitem(last=False)
                self._bytes -= given_back
        return thing
