"""The value chain of a report: its stages with cost, revenue and their shares of the whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.valuation.overviews.value_chain.domain import StageFigures


@dataclass(frozen=True)
class ChainFacts:
    """Both sides of every stage as `GET /v1/value-chain` tells them of the run's month.

    `unit` is that of all revenue; `mixed_units` are those of KPIs that cannot be added up.
    """

    stages: tuple[StageFigures, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    mixed_units: tuple[str, ...] = ()
