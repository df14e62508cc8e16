"""Open ends over the months, and what ingest says of the data of a period."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.valuation.reporting.reports.content.inputs import MonthRun
from services.valuation.reporting.reports.content.quality.facts import (
    ImportFacts,
    QualityFacts,
    RuleBreach,
    SourceMeasure,
    UnallocatedMonth,
)
from services.valuation.reporting.reports.gathering.months import first_of, missing_months
from shared.clients.allocation.figures import AllocationFigures
from shared.clients.data_quality import incoming_data
from shared.contracts.valuation.reports import ReportParameters

USUAL_MONTHS = 12
_MEASURES = (
    "completeness",
    "freshness",
    "reject_share",
    "duplicates",
    "unmapped_share",
    "sudden_changes",
    "double_purchases",
)


def gather_quality(
    client: AllocationFigures, period: str, language: str, parameters: ReportParameters
) -> QualityFacts:
    """Unallocated month by month, the figures of every source, the imports of the period."""
    first = first_of(period, parameters.months or USUAL_MONTHS)
    months = tuple(_months(client, parameters.scenario, first, period))
    runs = tuple(month.run for month in months)
    with incoming_data(language) as ingest:
        found = ingest.get_data_quality(period, parameters.scenario)
        brought = [item for item in ingest.list_imports() if period in item["periods"]]
    judged = [*found["items"], *([found["total"]] if found["total"] else [])]
    imports = tuple(sorted(map(_import, brought), key=lambda each: (each.created_at, each.id)))
    return QualityFacts(
        months=months,
        missing=missing_months(runs, runs[0].period, period) if runs else (),
        status=found["status"],
        measures=tuple(measure for item in judged for measure in _measures(item)),
        rows=tuple((item["source"], item["rows"]) for item in found["items"]),
        breaches=tuple(_breaches(found["rules"])),
        imports=imports,
        newest_at=max((each.created_at for each in imports), default=None),
    )


def _months(
    client: AllocationFigures, scenario: str, first: str, last: str
) -> list[UnallocatedMonth]:
    found = [
        UnallocatedMonth(
            MonthRun(
                run["id"],
                run["period"],
                run["output_hash"],
                run["fingerprint"],
                datetime.fromisoformat(run["finished_at"]),
            ),
            run["currency"],
            Decimal(run["totals"]["cost"]["input"]),
            Decimal(run["totals"]["cost"]["unallocated"]),
        )
        for run in client.list_published_runs(scenario)
        if run["scenario"] == scenario and first <= run["period"] <= last
    ]
    return sorted(found, key=lambda month: month.run.period)


def _measures(item: Mapping[str, Any]) -> Iterator[SourceMeasure]:
    """The figures that stay the same until new data comes: the age of a delivery does not."""
    for key in _MEASURES:
        measure = item[key]
        value = None if measure["value"] is None else Decimal(measure["value"])
        yield SourceMeasure(
            item["source"], key, measure["unit"], value, measure["status"], measure["reason"]
        )


def _breaches(rules: Iterable[Mapping[str, Any]]) -> Iterator[RuleBreach]:
    for rule in sorted(rules, key=lambda rule: (rule["name"], rule["source"])):
        if rule["breached"]:
            value = None if rule["value"] is None else Decimal(rule["value"])
            yield RuleBreach(
                rule["name"], rule["source"], rule["severity"], value, Decimal(rule["threshold"])
            )


def _import(item: Mapping[str, Any]) -> ImportFacts:
    return ImportFacts(
        id=item["id"],
        file=item["file"]["name"],
        source=item["source"],
        kind=item["kind"],
        status=item["status"],
        rows=item["rows"]["received"],
        rejected=item["rows"]["rejected"],
        duplicates=item["rows"]["duplicate"],
        created_at=datetime.fromisoformat(item["created_at"]).astimezone(UTC),
    )
