"""Unallocated cost over time and the quality of data by source, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.valuation.reporting.reports.content.inputs import MonthRun


@dataclass(frozen=True)
class UnallocatedMonth:
    """What stayed unallocated in the published run of one month."""

    run: MonthRun
    currency: str
    input: Decimal
    unallocated: Decimal


@dataclass(frozen=True)
class SourceMeasure:
    """One figure of one source (of all together where `source` is None), with its status."""

    source: str | None
    name: str
    unit: str
    value: Decimal | None
    status: str | None
    reason: str | None = None


@dataclass(frozen=True)
class RuleBreach:
    """A rule of the company's own that a source broke."""

    rule: str
    source: str
    severity: str
    value: Decimal | None
    threshold: Decimal


@dataclass(frozen=True)
class ImportFacts:
    """One import that brought rows for the period, and what became of them."""

    id: str
    file: str
    source: str
    kind: str
    status: str
    rows: int
    rejected: int
    duplicates: int
    created_at: datetime


@dataclass(frozen=True)
class QualityFacts:
    """The facts of the report on open ends and data quality."""

    months: tuple[UnallocatedMonth, ...] = ()
    missing: tuple[str, ...] = ()
    status: str | None = None
    measures: tuple[SourceMeasure, ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    breaches: tuple[RuleBreach, ...] = ()
    imports: tuple[ImportFacts, ...] = ()
    newest_at: datetime | None = None
