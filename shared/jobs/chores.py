"""Chores that a service adds to its worker: small, repeatable work at a pace of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Chore:
    """Something that every worker of a service does every so many seconds.

    Several workers do it at the same time: the chore itself sees to it that this does no harm.
    """

    name: str
    seconds: float
    do: Callable[[], object]


_chores: dict[str, dict[str, Chore]] = {}


def register(service: str, name: str, seconds: float, do: Callable[[], object]) -> None:
    """Add a chore (at import of the noun); a second one of the same name replaces the first."""
    _chores.setdefault(service, {})[name] = Chore(name, seconds, do)


def chores_of(service: str) -> Sequence[Chore]:
    """What the worker of a service does besides its jobs."""
    return list(_chores.get(service, {}).values())
