"""What was measured of a promise in the months that a review looks at."""

from dataclasses import dataclass
from decimal import Decimal

from services.valuation.measures.value_kpis.series import UNLINKED, Readings, Seen, Wish
from shared.periods import next_period, period_range
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import ValueKpi

MOST_OBSERVATIONS_SHOWN = 20


@dataclass(frozen=True)
class Window:
    """The months a review looks at: from going live to the due month (or now, if earlier)."""

    first: str
    last: str
    now: str


@dataclass(frozen=True)
class Stated:
    """What was promised; what is None is the KPI's own."""

    baseline: Decimal | None = None
    target: Decimal | None = None
    due_period: str | None = None


@dataclass(frozen=True)
class Measured:
    """What is known of a promise; evidence are addresses within this service."""

    actual: Decimal | None
    period: str | None
    baseline: Decimal | None
    target: Decimal | None
    evidence: tuple[str, ...]


def measure(
    readings: Readings,
    kpi: ValueKpi,
    stated: Stated,
    initiative: Initiative,
    window: Window,
) -> Measured:
    """The newest value in the window; if there is none, the first one after it.

    Observations linked to the initiative go before those of its solution, those before the
    unlinked ones. Without a stated baseline the newest value before go-live stands for it.
    """
    wish = _wish(initiative)
    months = list(period_range(window.first, window.last))[::-1]
    later = list(period_range(next_period(window.last), window.now))
    found = _first_known(readings, kpi.code, [*months, *later], wish)
    target = stated.target
    if target is None:
        target = _target_of(kpi, stated.due_period or window.last)
    return Measured(
        actual=found[1] if found else None,
        period=found[0] if found else None,
        baseline=_baseline(readings, kpi, stated, window, wish),
        target=target,
        evidence=_evidence(readings, kpi, found[0], wish) if found else (),
    )


def _wish(initiative: Initiative) -> Wish:
    links = [f"initiative:{initiative.code}"]
    if initiative.solution is not None:
        links.append(f"solution:{initiative.solution}")
    return Wish((*links, UNLINKED))


def _first_known(
    readings: Readings, code: str, months: list[str], wish: Wish
) -> tuple[str, Decimal] | None:
    for month in months:
        value = readings.read(code, month, wish).value
        if value is not None:
            return month, value
    return None


def _baseline(
    readings: Readings, kpi: ValueKpi, stated: Stated, window: Window, wish: Wish
) -> Decimal | None:
    known = stated.baseline if stated.baseline is not None else kpi.baseline
    if known is not None:
        return known
    before = [next_period(window.first, -months) for months in range(1, 13)]
    found = _first_known(readings, kpi.code, before, wish)
    return found[1] if found else None


def _target_of(kpi: ValueKpi, period: str) -> Decimal | None:
    targets = {target["period"]: Decimal(target["value"]) for target in kpi.targets}
    return targets.get(period, kpi.target)


def _evidence(readings: Readings, kpi: ValueKpi, month: str, wish: Wish) -> tuple[str, ...]:
    series = f"/v1/value-kpis/{kpi.id}/series?from={month}&to={month}"
    seen = _observed_behind(readings, kpi.code, month, wish)
    return (*(f"/v1/observations/{each.id}" for each in seen), series)


def _observed_behind(readings: Readings, code: str, month: str, wish: Wish) -> list[Seen]:
    """Its own observations; of a computed value those of the KPIs that its formula names."""
    waiting, met, found = [code], set[str](), list[Seen]()
    while waiting and len(found) < MOST_OBSERVATIONS_SHOWN:
        at = waiting.pop(0)
        rule = readings.rules.get(at)
        if at in met or rule is None:
            continue
        met.add(at)
        seen = readings.behind(at, month, wish)
        found += seen
        if not seen and rule.formula is not None:
            waiting += rule.formula.names
    return found[:MOST_OBSERVATIONS_SHOWN]
