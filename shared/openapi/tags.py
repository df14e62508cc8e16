"""What each group of operations is about, as the OpenAPI documents say it."""

from typing import Any

from shared.openapi.limits import operations

ABOUT = {
    "assets": "What the company owns and leases, with depreciation, end of life and look-alikes.",
    "audit": "Who changed what, when, in a chain of hashes that shows what was tampered with.",
    "benchmarks": "What others pay or reach, to set own figures against.",
    "budgets": "What a period may cost, and the alerts when it costs more.",
    "callers": "API keys, and who the caller is.",
    "carbon": "Emissions of solutions and consumers, allocated as money is.",
    "cases": "Stories of what an initiative set out to do and what came of it.",
    "cash-flows": "What an initiative pays and gains, planned and actual.",
    "charts": "Series ready to be drawn.",
    "comparisons": "Why one run differs from another, cause by cause.",
    "consumers": "The fourth layer: business units and products that use solutions.",
    "cost lines": "Each amount of ledgers and bills as it came in.",
    "cost-pools": "The first layer: what money is spent on.",
    "data quality": "Rules over what came in, their findings and trends.",
    "disputes": "Bills that a consumer doubts, and what became of the doubt.",
    "drivers": "Quantities that costs follow, such as hours, cores or tickets.",
    "emission factors": "Grams of CO2 equivalent for each unit of a quantity.",
    "evaluations": "What a case is worth on three axes, without keeping it.",
    "events": "What other services announce.",
    "exchange rates": "What one currency is worth in another, by period.",
    "feedback": "What users say of solutions.",
    "health": "Whether the service lives, is ready, and what it counts.",
    "imports": "Files taken in, with what was accepted, refused and found twice.",
    "initiatives": "Demands and projects from proposal to close, with their gates.",
    "jobs": "Work that goes on after the answer.",
    "kpi-packs": "Sets of value KPIs to begin with.",
    "mappings": "How costs go from one layer to the next.",
    "model-versions": "Mappings that are approved and published together.",
    "observations": "Measured values of KPIs.",
    "periods": "Months that are open or closed.",
    "personal data": "Fields that hold personal data, and their purge.",
    "post-implementation-reviews": "What came of an initiative some months after it went live.",
    "profiles": "How files of a sender are to be read.",
    "reports": "Reports as files, ordered once or on schedule.",
    "resources": "The second layer: towers and assets.",
    "review-actions": "What reviews asked somebody to do.",
    "runs": "Allocations of a period, with traces, explanations and views.",
    "scorecards": "A consumer's cost and value on one page.",
    "simulations": "What would be if a quantity, mapping or amount were another.",
    "solutions": "The third layer: what resources are combined to.",
    "sources": "Systems that facts are fetched from.",
    "statements": "Bills of consumers for a period.",
    "taxonomies": "Standard cost pools, towers and solutions.",
    "tickets": "Incidents and requests of ITSM systems, and their statistics.",
    "value-chain": "Stages of the business and the solutions that carry them.",
    "value-expectations": "What an initiative promises, in figures.",
    "value-kpis": "Indicators of value in five classes, measured or derived.",
    "value-realisation": "Promised beside realised value.",
    "variances": "Where initiatives leave their plan.",
    "views": "A run's result as finance, technology or consumers look at it.",
    "webhooks": "Addresses that are told what happened, and the deliveries to them.",
}


def describe_tags(document: dict[str, Any]) -> None:
    """Say what each tag of the document is about, in place; KeyError for one without a text."""
    used = {tag for operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": tag, "description": ABOUT[tag]} for tag in sorted(used)]
