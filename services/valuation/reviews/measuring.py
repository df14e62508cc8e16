"""What was measured of a promise in the months that a review looks at."""

from dataclasses import dataclass
from decimal import Decimal

from services.valuation.value_kpis.series import UNLINKED, Readings, Wish
from shared.periods import next_period, period_range
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi

MOST_OBSERVATIONS_SHOWN = 20


@dataclass(frozen=True)
class Window:
    """The months a review looks at: from going live to the due month (or now, if earlier)."""

    first: str
    last: str
    now: str


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
    expectation: ValueExpectation,
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
    target = expectation.target
    if target is None:
        target = _target_of(kpi, expectation.due_period or window.last)
    return Measured(
        actual=found[1] if found else None,
        period=found[0] if found else None,
        baseline=_baseline(readings, kpi, expectation, window, wish),
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
    readings: Readings, kpi: ValueKpi, expectation: ValueExpectation, window: Window, wish: Wish
) -> Decimal | None:
    stated = expectation.baseline if expectation.baseline is not None else kpi.baseline
    if stated is not None:
        return stated
    before = [next_period(window.first, -months) for months in range(1, 13)]
    found = _first_known(readings, kpi.code, before, wish)
    return found[1] if found else None


def _target_of(kpi: ValueKpi, period: str) -> Decimal | None:
    targets = {target["period"]: Decimal(target["value"]) for target in kpi.targets}
    return targets.get(period, kpi.target)


def _evidence(readings: Readings, kpi: ValueKpi, month: str, wish: Wish) -> tuple[str, ...]:
    seen = readings.behind(kpi.code, month, wish)[:MOST_OBSERVATIONS_SHOWN]
    series = f"/v1/value-kpis/{kpi.id}/series?from={month}&to={month}"
    return (*(f"/v1/observations/{each.id}" for each in seen), series)
