"""Which stage earns what: revenue KPIs, told of a stage or found through what they are linked to.

A KPI linked to a stage counts for it. A KPI linked to no stage counts for the stage of its
solutions or initiatives, unless that stage has KPIs of its own, which then tell the same money
already. A KPI of several stages is told apart by observations linked to each; without such it
cannot be split and does not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from services.valuation.measures.value_kpis.domain import aggregate
from services.valuation.measures.value_kpis.series import UNLINKED, Readings, Wish
from services.valuation.overviews.linked_values import value_of_links
from shared.currencies import MINOR_DIGITS
from shared.money import EXACT

LinkedBy = Literal["stage", "solution", "initiative", "observation"]
Reason = Literal["stage_has_its_own", "several_stages", "no_value", "another_unit"]
ValueReason = Literal["no_revenue_kpi", "no_value", "mixed_units"]
STAGE_KEY = "value_chain_stage:"


@dataclass(frozen=True)
class Places:
    """Where solutions and initiatives stand in the value chain."""

    of_solution: Mapping[str, str]
    of_initiative: Mapping[str, str | None]


@dataclass(frozen=True)
class RevenueKpi:
    """A KPI with `value_role: revenue`; links as they are stored."""

    id: str
    code: str
    name: str
    unit: str
    links: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Told:
    """What a KPI says of a stage (None: of none) over some months, and whether it counts."""

    kpi: RevenueKpi
    stage: str | None
    linked_by: LinkedBy
    value: Decimal | None
    months: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: Reason | None = None

    @property
    def counted(self) -> bool:
        """Whether it is part of the stage's value."""
        return self.reason is None


@dataclass(frozen=True)
class Revenue:
    """The value of each stage in one unit, and every KPI behind; without values, why."""

    values: Mapping[str | None, Decimal]
    unit: str | None
    reason: ValueReason | None
    told: Sequence[Told]

    def of(self, stage: str | None) -> list[Told]:
        """What is told of a stage."""
        return [each for each in self.told if each.stage == stage]


def tell_revenue(
    kpis: Sequence[RevenueKpi], places: Places, readings: Readings, months: Sequence[str]
) -> Revenue:
    """The revenue of each stage over some months, in the one unit that counts."""
    told = [part for kpi in kpis for part in _parts_of(kpi, places, readings, months)]
    if not told:
        return Revenue({}, None, "no_revenue_kpi", [])
    told = _without_doubles(told)
    units = {each.kpi.unit for each in told if each.counted}
    money = {unit for unit in units if unit in MINOR_DIGITS} or units
    if not money:
        return Revenue({}, None, "no_value", told)
    if len(money) > 1:
        return Revenue({}, None, "mixed_units", told)
    (unit,) = money
    told = [
        replace(each, reason="another_unit") if each.counted and each.kpi.unit != unit else each
        for each in told
    ]
    values: dict[str | None, Decimal] = {}
    for each in told:
        if each.counted and each.value is not None:
            values[each.stage] = EXACT.add(values.get(each.stage, Decimal(0)), each.value)
    return Revenue(values, unit, None, told)


def _without_doubles(told: Sequence[Told]) -> list[Told]:
    """Where a stage has KPIs of its own, those of its solutions and initiatives do not count."""
    own = {
        each.stage
        for each in told
        if each.counted and each.stage and each.linked_by in {"stage", "observation"}
    }
    return [
        replace(each, reason="stage_has_its_own")
        if each.counted and each.stage in own and each.linked_by in {"solution", "initiative"}
        else each
        for each in told
    ]


def _parts_of(
    kpi: RevenueKpi, places: Places, readings: Readings, months: Sequence[str]
) -> list[Told]:
    found = stages_of_links(kpi.links, places)
    if not found:
        seen = _stages_observed(kpi, readings, months)
        return [
            _told_apart(kpi, stage, "observation", [[STAGE_KEY + stage]], readings, months)
            for stage in seen
        ]
    if len(found) == 1:
        ((stage, linked_by),) = found.items()
        return [_told_whole(kpi, stage, linked_by, readings, months)]
    apart = [
        _told_apart(kpi, stage, by, _keys_of(kpi, stage, places), readings, months)
        for stage, by in found.items()
    ]
    if any(part.counted for part in apart):
        return apart
    whole = _told_whole(
        kpi, None, "stage" if "stage" in found.values() else "solution", readings, months
    )
    return [replace(whole, reason=whole.reason or "several_stages")]


def stages_of_links(
    links: Sequence[Mapping[str, str]], places: Places
) -> dict[str | None, LinkedBy]:
    """The stages that links name; else those of the solutions and initiatives that they name.

    None stands for solutions and initiatives without a stage.
    """
    named: dict[str | None, LinkedBy] = {
        link["value_chain_stage"]: "stage" for link in links if link.get("value_chain_stage")
    }
    if named:
        return named
    found: dict[str | None, LinkedBy] = {}
    for link in links:
        if link.get("layer") == "solution":
            found.setdefault(places.of_solution.get(link["code"]), "solution")
        elif link.get("initiative"):
            found.setdefault(places.of_initiative.get(link["initiative"]), "initiative")
    return found


def _keys_of(kpi: RevenueKpi, stage: str | None, places: Places) -> list[list[str]]:
    """What observations may be linked to that speak of one stage of the KPI, the stage first."""
    keys = []
    for link in kpi.links:
        if link.get("layer") == "solution" and places.of_solution.get(link["code"]) == stage:
            keys.append(f"solution:{link['code']}")
        if link.get("initiative") and places.of_initiative.get(link["initiative"]) == stage:
            keys.append(f"initiative:{link['initiative']}")
    return [keys] if stage is None else [[STAGE_KEY + stage], keys]


def _stages_observed(kpi: RevenueKpi, readings: Readings, months: Sequence[str]) -> list[str]:
    keys = {seen.link_key for month in months for seen in readings.seen.get((kpi.code, month), ())}
    return sorted(key.removeprefix(STAGE_KEY) for key in keys if key.startswith(STAGE_KEY))


def _told_whole(
    kpi: RevenueKpi,
    stage: str | None,
    linked_by: LinkedBy,
    readings: Readings,
    months: Sequence[str],
) -> Told:
    """The KPI's own value of every month, added up; the stage's observations first."""
    links = (UNLINKED,) if stage is None else (STAGE_KEY + stage, UNLINKED)
    found = {month: readings.read(kpi.code, month, Wish(links)).value for month in months}
    return _added_up(kpi, stage, linked_by, found)


def _told_apart(
    kpi: RevenueKpi,
    stage: str | None,
    linked_by: LinkedBy,
    keys: Sequence[Sequence[str]],
    readings: Readings,
    months: Sequence[str],
) -> Told:
    """Only what observations linked to the stage say, or else to its solutions, added up."""
    return _added_up(
        kpi,
        stage,
        linked_by,
        {month: value_of_links(readings, kpi.code, month, keys, "sum") for month in months},
    )


def _added_up(
    kpi: RevenueKpi,
    stage: str | None,
    linked_by: LinkedBy,
    found: Mapping[str, Decimal | None],
) -> Told:
    known = {month: value for month, value in found.items() if value is not None}
    missing = tuple(month for month in found if month not in known)
    value = aggregate(list(known.values()), "sum")
    reason: Reason | None = None if known else "no_value"
    return Told(kpi, stage, linked_by, value, tuple(known), missing, reason)
