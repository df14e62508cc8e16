"""`/v1/data-quality`: how good a period's data are, source by source."""

from typing import Annotated, Any

from fastapi import Query

from services.ingest.data_quality.domain import LONGEST_DAYS
from services.ingest.data_quality.figures.gathering import gather
from services.ingest.data_quality.report import COLUMNS, cells_of, quality_of
from services.ingest.data_quality.rules.findings import rule_findings
from shared.auth import Needs
from shared.contracts.ingest.data_quality import DataQualityAnswer
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import new_router

router = new_router("/v1/data-quality", "data quality", [Needs("ingest:read")])


@router.get(
    "",
    summary="Judge the data of a period",
    operation_id="get_data_quality",
    responses=EXPORT_RESPONSES,
    response_model=DataQualityAnswer,
)
def get_data_quality(
    session: SessionDep,
    language: LanguageDep,
    export: ExportDep,
    period: Period,
    scenario: Annotated[Scenario, Query()] = "actual",
    source: Annotated[str | None, Query(max_length=200)] = None,
    within_days: Annotated[
        int, Query(ge=0, le=LONGEST_DAYS, description="Between two payments of the same amount")
    ] = 14,
) -> Any:
    """Completeness, freshness, rejects, duplicates, unmapped, sudden changes, double payments.

    Each per source, with its course over six earlier periods and `good`, `warning` or `bad`; what
    cannot be known is null with its reason. `rules` are one's own. As CSV, XLSX or Parquet one row
    per figure.
    """
    gathered = gather(session, period, scenario, within_days)
    rules = rule_findings(session, period, scenario, language)
    found = quality_of(gathered, rules, language, source)
    if export is not None:
        return export_rows(export, "data-quality", COLUMNS, cells_of(found))
    return found
