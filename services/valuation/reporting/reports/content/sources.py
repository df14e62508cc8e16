"""What a report was made from: every address, with the ids and hashes that prove it."""

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.inputs import CostFacts, MonthRun, ValueFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.report_inputs import ReportInputs
from services.valuation.reporting.reports.content.statement.addresses import (
    dispute_address,
    explain_address,
)
from services.valuation.reporting.reports.document import Source
from services.valuation.reporting.reports.wording.labels import label

_VIEWS = (
    ("by_pool", "finance"),
    ("by_tower", "technology"),
    ("by_solution", "solutions"),
    ("by_consumer", "consumers"),
)


def list_sources(inputs: ReportInputs, links: Links, language: Language) -> list[Source]:
    """The run and its views first, then what the type of report has of its own."""
    sources = _of_run(inputs.cost, links, language) if inputs.cost else []
    if inputs.statement:  # The views of all consumers are not what one bill is made from.
        sources = sources[:2]
    runs = [run for run in month_runs(inputs) if not inputs.cost or run.id != inputs.cost.run.id]
    sources += [_month_source(run, links, language) for run in runs]
    sources += _of_statement(inputs, links, language)
    sources += _of_value(inputs.value, links, language)
    if inputs.quality:
        period = f"{links.ingest}/v1/data-quality?period={inputs.period}"
        sources.append(Source(label("incoming", language), period))
        sources += [
            Source(each.file, f"{links.ingest}/v1/imports/{each.id}", each.id)
            for each in inputs.quality.imports
        ]
    if inputs.compliance:
        since = f"since={inputs.period}-01T00:00:00Z"
        sources += [
            Source(f"{label('activity', language)}: {name}", f"{root}/v1/audit-events?{since}")
            for name, root in (
                ("ingest", links.ingest),
                ("allocation", links.allocation),
                ("valuation", links.valuation),
            )
        ]
    return sources


def month_runs(inputs: ReportInputs) -> tuple[MonthRun, ...]:
    """The published runs behind a course over months, oldest first."""
    if inputs.statement:
        return tuple(month.run for month in inputs.statement.months)
    if inputs.quality:
        return tuple(month.run for month in inputs.quality.months)
    return inputs.cost.months.runs if inputs.cost and inputs.cost.months else ()


def _of_run(cost: CostFacts, links: Links, language: Language) -> list[Source]:
    run = cost.run
    model = f"{links.allocation}/v1/model-versions/{run.model_version}"
    return [
        Source(
            label("run", language),
            links.of_run(),
            run.id,
            run.fingerprint,
            run.output_hash,
            run.finished_at,
        ),
        Source(label("model_version", language), model, run.model_version),
        *(Source(label(title, language), links.of_view(view), run.id) for title, view in _VIEWS),
        *(
            Source(label(part, language), links.of_run(part), run.id)
            for part in ("reconciliation", "unallocated")
        ),
    ]


def _month_source(run: MonthRun, links: Links, language: Language) -> Source:
    return Source(
        f"{label('run', language)} {run.period}",
        f"{links.allocation}/v1/runs/{run.id}",
        run.id,
        run.fingerprint,
        run.output_hash,
        run.finished_at,
    )


def _of_statement(inputs: ReportInputs, links: Links, language: Language) -> list[Source]:
    bill = inputs.statement
    if bill is None:
        return []
    sources = [
        Source(label("explanation", language), explain_address(bill, links), bill.consumer),
        Source(label("complaints", language), dispute_address(bill, inputs.period, links)),
    ]
    if bill.statement_id:
        address = f"{links.allocation}/v1/statements/{bill.statement_id}"
        issued = Source(label("statement", language), address, bill.statement_id, at=bill.issued_at)
        sources.insert(0, issued)
    return sources


def _of_value(value: ValueFacts, links: Links, language: Language) -> list[Source]:
    reviews = label("reviews", language)
    return [
        *(Source(kpi.name, links.of_kpi(kpi.id, kpi.measured_in), kpi.id) for kpi in value.kpis),
        *(Source(each.name, links.of_initiative(each.id), each.id) for each in value.initiatives),
        *(
            Source(
                f"{reviews}: {each.initiative}",
                links.of_review(each.id),
                each.id,
            )
            for each in value.reviews
        ),
    ]
