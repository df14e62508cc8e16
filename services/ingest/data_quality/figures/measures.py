"""Whether what was expected came, how full it is, and when it came."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from services.ingest.data_quality.domain import (
    CORE_FIELDS,
    FIELDS,
    SourceFigures,
    Status,
    at_least,
    at_most,
    mean,
    median,
    share_of,
    worst,
)
from services.ingest.data_quality.figures.subject import Subject
from services.ingest.data_quality.labels import label
from shared.contracts.ingest.data_quality import Completeness, FilledField, Freshness
from shared.periods import last_day

FALLEN = Decimal("0.1")
A_DAY = Decimal(86_400)
AN_HOUR = Decimal(3_600)
LATE_DAYS, TOO_LATE_DAYS = "5", "15"


def completeness(subject: Subject) -> Completeness:
    """The mean share of the core fields that are filled; whether anything came at all."""
    period = subject.gathered.period
    now = subject.lines(period)
    earlier = [one for one in map(subject.lines, subject.gathered.earlier) if one is not None]
    value = _filled(now)
    fields = [_field(subject, name, now, earlier) for name in FIELDS]
    delivered = now is not None or subject.brought(period).imports > 0
    reason, status = None, worst([at_least(value, "0.8", "0.5"), *(one.status for one in fields)])
    shown: Status | None = status
    if now is None:
        is_over = last_day(period) < subject.gathered.now.date()
        reason = "no_lines" if delivered or not earlier else "nothing_came"
        shown = None if delivered or not earlier else "bad"
        if shown == "bad" and not is_over:
            reason, shown = "not_yet_over", "warning"
    return Completeness(
        **subject.named("completeness", "share", reason),
        value=value,
        status=shown,
        trend=subject.trend(lambda one: _filled(subject.lines(one))),
        delivered=delivered,
        rows=0 if now is None else now.rows,
        usual_rows=median([Decimal(one.rows) for one in earlier]) if earlier else None,
        fields=fields,
    )


def _filled(figures: SourceFigures | None) -> Decimal | None:
    if figures is None:
        return None
    return mean([_share(figures, name) for name in CORE_FIELDS])


def _share(figures: SourceFigures, name: str) -> Decimal:
    return share_of(figures.filled.get(name, 0), figures.rows) or Decimal(0)


def _field(
    subject: Subject, name: str, now: SourceFigures | None, earlier: Sequence[SourceFigures]
) -> FilledField:
    share = None if now is None else _share(now, name)
    usual = median([_share(one, name) for one in earlier]) if earlier else None
    status: Status | None = None
    if share is not None and usual is not None:
        status = "warning" if share < usual - FALLEN else "good"
    return FilledField(
        field=name,
        name=label(name, subject.language),
        rows=0 if now is None else now.filled.get(name, 0),
        share=share,
        usual_share=usual,
        status=status,
    )


def freshness(subject: Subject) -> Freshness:
    """Days from the period's end to its first data; hours since the last delivery of all."""
    gathered = subject.gathered
    first_ever, last = subject.moments()
    first = _first_of(subject, gathered.period)
    value = _days_after(gathered.period, first)
    reason, status = None, at_most(value, LATE_DAYS, TOO_LATE_DAYS)
    ever = _days_after(gathered.period, first_ever)
    if value is not None and ever is not None and ever > Decimal(TOO_LATE_DAYS):
        reason, status = "backfilled", None
    elif value is None:
        reason = "nothing_came" if first_ever is not None else "no_lines"
    age = None if last is None else _seconds(gathered.now, last) / AN_HOUR
    return Freshness(
        **subject.named("freshness", "days", reason),
        value=value,
        status=status,
        trend=subject.trend(lambda one: _days_after(one, _first_of(subject, one))),
        first_data_at=first,
        last_delivery_at=last,
        age_hours=None if age is None else max(age, Decimal(0)).quantize(Decimal("0.01")),
    )


def _first_of(subject: Subject, period: str) -> datetime | None:
    """When the first data of a period came: its lines, or an import that brought some."""
    lines, brought = subject.lines(period), subject.brought(period)
    moments = [] if lines is None else [lines.first_at]
    return min([*moments, *([brought.first_at] if brought.first_at else [])], default=None)


def _days_after(period: str, moment: datetime | None) -> Decimal | None:
    if moment is None:
        return None
    end = datetime.combine(last_day(period), datetime.max.time(), UTC)
    return (_seconds(moment, end) / A_DAY).quantize(Decimal("0.01"))


def _seconds(later: datetime, earlier: datetime) -> Decimal:
    return Decimal(int((later - earlier).total_seconds()))
