"""Figures of other services that formulas name: what is asked for and what comes back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from services.valuation.measures.value_kpis.formulas.tree import (
    DriverTotal,
    Leaf,
    Name,
    TicketFigure,
)


@dataclass(frozen=True)
class Found:
    """A figure of a month with its unit, or why there is none."""

    value: Decimal | None
    reason: str | None = None
    unit: str | None = None


class Figures(Protocol):
    """Where drivers, ticket figures and published costs come from."""

    def find(self, leaf: Leaf, period: str) -> Found:
        """The figure of a month."""


class NoFigures:
    """Nothing is asked of other services."""

    def find(self, leaf: Leaf, period: str) -> Found:
        """Never anything."""
        return Found(None, "missing_value")


def is_of_all(leaf: Leaf) -> bool:
    """Whether a figure is of the whole company, not of one thing in it."""
    if isinstance(leaf, DriverTotal):
        return leaf.target is None and leaf.source is None
    if isinstance(leaf, TicketFigure):
        return not leaf.limits
    return isinstance(leaf, Name) or leaf.code is None
