"""What a parsed formula is made of."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Number:
    """A number written in the formula."""

    value: Fraction


@dataclass(frozen=True)
class Name:
    """A KPI by its code; where there is none, a driver's total."""

    code: str

    @property
    def text(self) -> str:
        """As it is told to people."""
        return self.code


@dataclass(frozen=True)
class DriverTotal:
    """The quantity of a driver in the month: of all, of one target, or of one source."""

    code: str
    target: str | None = None
    source: str | None = None

    @property
    def text(self) -> str:
        """As it is told to people."""
        limits = {"target": self.target, "source": self.source}
        return _call("driver", [self.code], limits)


@dataclass(frozen=True)
class TicketFigure:
    """A figure of the tickets opened in the month; `limits` says of which, as field and value."""

    figure: str
    limits: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """As it is told to people."""
        return _call("tickets", [self.figure], dict(self.limits))


@dataclass(frozen=True)
class PublishedCost:
    """Cost in the month's published run: all of it, or of an object with all below it."""

    layer: str | None = None
    code: str | None = None

    @property
    def text(self) -> str:
        """As it is told to people."""
        return _call("cost", [part for part in (self.layer, self.code) if part is not None], {})


Leaf = Name | DriverTotal | TicketFigure | PublishedCost
"""What has a value of its own in a month."""


@dataclass(frozen=True)
class Call:
    """An operation over parts: `+` and `*` (of any number of parts), neg, inv, abs, min, max."""

    operation: str
    parts: tuple["Node", ...]


Node = Number | Leaf | Call


@dataclass(frozen=True)
class Formula:
    """A parsed formula with what it speaks of, in order of first mention."""

    text: str
    root: Node
    leaves: tuple[Leaf, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The codes of KPIs or drivers that it names."""
        return tuple(leaf.code for leaf in self.leaves if isinstance(leaf, Name))


def _call(name: str, values: list[str], limits: dict[str, str | None]) -> str:
    given = [f'"{value}"' for value in values]
    given += [f'{field}="{value}"' for field, value in limits.items() if value is not None]
    return f"{name}({', '.join(given)})"
