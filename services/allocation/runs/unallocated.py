"""What stayed on objects in a run, with its age and its course over the months."""

from collections.abc import Mapping

from sqlmodel import Session

from services.allocation.runs import repository
from services.allocation.runs.answers import made
from services.allocation.runs.figures import name_of
from services.allocation.runs.seen_run import SeenRun
from shared.contracts.allocation.runs import PeriodAmount, UnallocatedAnswer
from shared.money import from_units
from shared.periods import next_period, previous_period

TREND_MONTHS = 12
SORTABLE = {
    "amount": lambda row: row.amount,
    "code": lambda row: row.code,
    "reason": lambda row: row.reason,
    "since": lambda row: row.since,
}


def unallocated_rows(session: Session, seen: SeenRun) -> list[UnallocatedAnswer]:
    """Every entry that is not zero, the largest first."""
    run, numbering = seen.run, seen.result.numbering
    first = next_period(run.period, -(TREND_MONTHS - 1))
    measure = seen.result.measures[seen.measure]
    history = repository.unallocated_history(session, run, measure, first)
    rows = []
    for entry in seen.result.entries:
        units = entry.units[seen.measure]
        if not units:
            continue
        number = entry.object_number
        layer, code = numbering.layer_of(number), numbering.code_of(number)
        owner = numbering.objects[number].owner if number < numbering.count else None
        past = history.get((layer, code, entry.reason), {})
        rows.append(
            made(
                UnallocatedAnswer,
                layer=layer,
                code=code,
                name=name_of(numbering, number, seen.language),
                reason=entry.reason,
                mapping=entry.mapping,
                unknown_code=entry.unknown_code,
                amount=from_units(units, seen.precision),
                owner=owner,
                since=_since(run.period, past),
                trend=_trend(past, run.period, units, seen.precision),
            )
        )
    return sorted(rows, key=lambda row: (-abs(row.amount), row.layer, row.code or "", row.reason))


def _since(period: str, past: Mapping[str, tuple[int, int]]) -> str:
    """The first of the months in a row, back from the run's, in which something stayed."""
    since = period
    while past.get(previous_period(since), (0, 0))[0]:
        since = previous_period(since)
    return since


def _trend(
    past: Mapping[str, tuple[int, int]], period: str, units: int, precision: int
) -> list[PeriodAmount]:
    """What stayed for the same reason in earlier published months, and now."""
    found = [
        PeriodAmount(period=one, amount=from_units(*amount)) for one, amount in sorted(past.items())
    ]
    return [*found, PeriodAmount(period=period, amount=from_units(units, precision))]
