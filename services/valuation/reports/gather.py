"""Brings together all inputs of a report, and the hash that two equal sets of inputs share."""

import hashlib
import json
from contextlib import closing
from dataclasses import asdict
from decimal import Decimal

from sqlmodel import Session

from services.valuation.reports.content.inputs import CostFacts, ReportInputs, ValueFacts
from services.valuation.reports.gather_cost import gather_cost, get_run, stages_of_solutions
from services.valuation.reports.gather_value import gather_value
from shared.clients.allocation.figures import allocation_figures
from shared.contracts.valuation.reports import ReportParameters
from shared.money import plain

WITHOUT_COST = ("post-implementation-review",)


def gather_inputs(
    session: Session, report_type: str, period: str, language: str, parameters: ReportParameters
) -> ReportInputs:
    """One published run with its views, and the value side up to the end of the period.

    409 `no_published_run` when a type needs a run and there is none.
    """
    cost, stages = None, {}
    if report_type not in WITHOUT_COST:
        with closing(allocation_figures(language)) as client:
            run = get_run(client, period, parameters)
            stages = stages_of_solutions(client)
            cost = gather_cost(client, run, stages, parameters)
    value = gather_value(session, period, language, stages)
    return ReportInputs(
        period, language, cost, value, hash_of(report_type, period, language, cost, value)
    )


def hash_of(
    report_type: str, period: str, language: str, cost: CostFacts | None, value: ValueFacts
) -> str:
    """SHA-256 over the canonical JSON of everything that a report is made from."""
    whole = [report_type, period, language, asdict(cost) if cost else None, asdict(value)]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=_text)
    return hashlib.sha256(text.encode()).hexdigest()


def _text(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
