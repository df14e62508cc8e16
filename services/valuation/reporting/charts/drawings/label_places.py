"""Where labels of points go so that no two overlap; what finds no place is left to its tooltip."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.valuation.reporting.charts.drawings.axes import pixels_of

_LINE = 15.0
_AWAY = 7.0


@dataclass(frozen=True)
class Dot:
    """A point in pixels from the top left, its radius, and its label."""

    x: float
    y: float
    radius: float
    label: str


@dataclass(frozen=True)
class Place:
    """Where a label starts (left) or ends (right), on which line."""

    x: float
    y: float
    align: str


Box = tuple[float, float, float, float]


def place_labels(dots: Sequence[Dot], width: float, height: float) -> list[Place | None]:
    """A place for each label in order of importance: right, left, above, below its dot, or none."""
    taken: list[Box] = [
        (dot.x - dot.radius, dot.y - dot.radius, dot.x + dot.radius, dot.y + dot.radius)
        for dot in dots
    ]
    places: list[Place | None] = []
    for own, dot in enumerate(dots):
        found = None
        for place in _tries(dot):
            box = box_of(place, dot.label)
            inside = box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height
            others = (other for at, other in enumerate(taken) if at != own)
            if inside and not any(_overlap(box, other) for other in others):
                found = place
                taken.append(box)
                break
        places.append(found)
    return places


def box_of(place: Place, label: str) -> Box:
    """The room that a label takes: left, top, right, bottom."""
    long = pixels_of(label)
    left = {"left": place.x, "right": place.x - long, "center": place.x - long / 2}[place.align]
    return left, place.y - _LINE / 2, left + long, place.y + _LINE / 2


def _tries(dot: Dot) -> list[Place]:
    away = dot.radius + _AWAY
    return [
        Place(dot.x + away, dot.y, "left"),
        Place(dot.x - away, dot.y, "right"),
        Place(dot.x, dot.y - away - 2, "center"),
        Place(dot.x, dot.y + away + 2, "center"),
    ]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
