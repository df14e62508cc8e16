"""The shipped KPI library on the wire: packs, their KPIs, and what loading one did."""

from typing import Literal

from pydantic import Field

from shared.contracts.valuation.kpis import (
    Aggregation,
    Dimension,
    Direction,
    KpiClass,
    Perspective,
    ValueRole,
)
from shared.contracts.values import Contract

PackKind = Literal["class", "system"]
ReviewLevel = Literal["function", "operation", "strategy"]


class PackKpiAnswer(Contract):
    """A KPI of a shipped pack.

    `level` is the level of a review that it usually stands on; `pack` is where it is at home,
    which is another one for KPIs that a pack borrows.
    """

    code: str
    name: str
    names: dict[str, str]
    definition: dict[str, str]
    kpi_class: KpiClass = Field(alias="class")
    dimension: Dimension
    perspective: Perspective
    unit: str
    direction: Direction
    formula: str | None
    value_role: ValueRole | None
    aggregation: Aggregation
    level: ReviewLevel
    source: dict[str, str]
    pack: str


class PackAnswer(Contract):
    """A shipped pack of KPIs; `loaded` counts those of it that are here.

    A pack of kind `class` has KPIs of one class; one of kind `system` those that such a system
    moves, of several classes, and no `class` of its own.
    """

    name: str
    title: str
    titles: dict[str, str]
    kind: PackKind
    kpi_class: KpiClass | None = Field(alias="class")
    loaded: int
    kpis: list[PackKpiAnswer]


class PackLoaded(Contract):
    """What loading a pack did; KPIs that were there already are left as they are.

    `needed` are those of both lists that other packs own: the pack borrows them, or its formulas
    name them.
    """

    name: str
    created: list[str]
    present: list[str]
    needed: list[str]
    dry_run: bool = False
