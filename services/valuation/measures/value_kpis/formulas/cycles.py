"""Formulas that go round in a circle."""

from collections.abc import Mapping, Sequence

MOST_NAMED = 500


class TooWide(Exception):
    """More than `MOST_NAMED` KPIs stand behind one formula."""


def find_cycle(
    start: str, names: Sequence[str], named_by: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """The way from a KPI over formulas back to itself, both ends named; empty without one.

    `names` are the codes that the KPI's formula shall name, `named_by` those that the formulas of
    the others do. TooWide beyond `MOST_NAMED` KPIs.
    """
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        code = waiting.pop()
        for name in names if code == start else named_by.get(code, ()):
            if name == start:
                return _way(start, code, came_from)
            if name not in came_from:
                came_from[name] = code
                if name in named_by:
                    waiting.append(name)
        if len(came_from) > MOST_NAMED:
            raise TooWide
    return ()


def _way(start: str, last: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
    way = [start]
    while last != start:
        way.append(last)
        last = came_from[last]
    return (start, *reversed(way))
