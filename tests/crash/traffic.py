"""Robots at work while processes die: each goes through its write paths again and again."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.crash.accounts import Accounts, Line
from tests.crash.calling import PATIENCE_SECONDS, Caller

ABANDONED_SHARE = 0.15


@dataclass
class Robot:
    """Who acts: with its own caller, dice and numbers, over the common book."""

    caller: Caller
    accounts: Accounts
    dice: random.Random
    hook_url: str
    number: int = 0

    def next_number(self) -> int:
        """Counts what this robot made, so that all names differ."""
        self.number += 1
        return self.number

    def amount(self) -> Decimal:
        """Some cents, seldom negative."""
        return Decimal(self.dice.randint(-200_000, 1_000_000)) / 100

    def gives_up(self) -> bool:
        """Whether this robot dies before the answer, this time."""
        return self.dice.random() < ABANDONED_SHARE


@dataclass(frozen=True)
class WritePath:
    """What a robot does again and again, and how all that came of it is read back."""

    act: Callable[[Robot], None]
    read: Callable[[Caller], Iterable[Line]]


class Traffic:
    """Robots at work; `pause()` lets each finish what it is insisting on."""

    def __init__(
        self,
        make_robot: Callable[[random.Random], Robot],
        robots: Iterable[tuple[Sequence[WritePath], float]],
        seed: int,
    ) -> None:
        self._going = threading.Event()
        self._ended = threading.Event()
        self._idle: list[threading.Event] = []
        self._failures: list[BaseException] = []
        self._threads = [
            self._start(make_robot(random.Random(f"{place} {seed}")), paths, pause)
            for place, (paths, pause) in enumerate(robots)
        ]

    def resume(self) -> None:
        """Let the robots work."""
        for idle in self._idle:
            idle.clear()
        self._going.set()

    def check(self) -> None:
        """Raise what stopped a robot."""
        if self._failures:
            raise self._failures[0]

    def pause(self) -> None:
        """Return once every robot stands still; raises what stopped one of them."""
        self._going.clear()
        for idle in self._idle:
            while not idle.wait(0.1):
                self.check()
        self.check()

    def end(self) -> None:
        """Send the robots home."""
        self._ended.set()
        self._going.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _start(self, robot: Robot, paths: Sequence[WritePath], pause: float) -> threading.Thread:
        idle = threading.Event()
        self._idle.append(idle)
        turn = 0

        def work() -> None:
            nonlocal turn
            while not self._ended.is_set():
                if not self._going.is_set():
                    idle.set()
                    self._going.wait()
                    continue
                try:
                    paths[turn % len(paths)].act(robot)
                except BaseException as failure:
                    self._failures.append(failure)
                    return
                turn += 1
                time.sleep(pause * robot.dice.random())

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread
