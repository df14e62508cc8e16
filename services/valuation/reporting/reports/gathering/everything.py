"""Brings together all inputs of a report, and the hash that two equal sets of inputs share."""

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, is_dataclass, replace
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from services.valuation.reporting.reports.content.chain_facts import ChainFacts
from services.valuation.reporting.reports.content.inputs import CostFacts, ValueFacts
from services.valuation.reporting.reports.content.report_inputs import ReportInputs
from services.valuation.reporting.reports.gathering.analysis import gather_analysis
from services.valuation.reporting.reports.gathering.carbon import gather_carbon
from services.valuation.reporting.reports.gathering.chain import gather_chain
from services.valuation.reporting.reports.gathering.compliance import gather_compliance
from services.valuation.reporting.reports.gathering.cost import (
    find_run,
    gather_cost,
    get_run,
)
from services.valuation.reporting.reports.gathering.quality import gather_quality
from services.valuation.reporting.reports.gathering.statement import gather_statement
from services.valuation.reporting.reports.gathering.value import gather_value
from shared.clients.allocation.value_views import AllocationViews, allocation_views
from shared.clients.base import ATTEMPTS
from shared.contracts.valuation.reports import ReportParameters
from shared.money import plain

LAYERS_AND_PROOF = frozenset({"layers", "flow", "proof", "unallocated", "months"})


@dataclass(frozen=True)
class Asking:
    """What is reported, and whom to ask for it."""

    session: Session
    client: AllocationViews
    period: str
    language: str
    parameters: ReportParameters

    def run(self) -> dict[str, Any]:
        """The run that the report is about; 409 `no_published_run` without one."""
        return get_run(self.client, self.period, self.parameters)

    def cost(self, run: dict[str, Any], parts: frozenset[str]) -> CostFacts:
        """Some parts of what the run says."""
        return gather_cost(self.client, run, self.parameters, parts)

    def value(self) -> ValueFacts:
        """The value side up to the end of the period."""
        return gather_value(self.session, self.period, self.language)

    def chain(self, run: dict[str, Any]) -> ChainFacts:
        """Cost beside revenue by stage of the value chain."""
        return gather_chain(self.session, self.client, run, self.language)

    def inputs(self, cost: CostFacts | None, value: ValueFacts, **facts: Any) -> ReportInputs:
        """The inputs; their hash is put in last."""
        return ReportInputs(self.period, self.language, cost, value, "", **facts)


def gather_inputs(
    session: Session, report_type: str, period: str, language: str, parameters: ReportParameters
) -> ReportInputs:
    """Whatever the type tells of: a published run, the value side, bills, data, audit trails.

    409 `no_published_run` when a type needs a run and there is none.
    """
    with closing(allocation_views(language, attempts=ATTEMPTS)) as client:
        asking = Asking(session, client, period, language, parameters)
        inputs = _GATHERERS[report_type](asking)
    return replace(inputs, sha256=hash_of(report_type, inputs))


def hash_of(report_type: str, inputs: ReportInputs) -> str:
    """SHA-256 over the canonical JSON of everything that a report is made from."""
    text = json.dumps([report_type, inputs], sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Facts by their fields, decimals as exact text."""
    if is_dataclass(value):
        return vars(value)
    return plain(value) if isinstance(value, Decimal) else str(value)


def _cost_and_value(asking: Asking) -> ReportInputs:
    run = asking.run()
    cost = asking.cost(run, LAYERS_AND_PROOF)
    return asking.inputs(cost, asking.value(), chain=asking.chain(run))


def _cost(asking: Asking) -> ReportInputs:
    return asking.inputs(asking.cost(asking.run(), LAYERS_AND_PROOF), ValueFacts())


def _value(asking: Asking) -> ReportInputs:
    return asking.inputs(None, asking.value())


def _statement(asking: Asking) -> ReportInputs:
    run = asking.run()
    bill = gather_statement(asking.client, run, asking.language, asking.parameters)
    return asking.inputs(asking.cost(run, frozenset()), ValueFacts(), statement=bill)


def _analysis(asking: Asking) -> ReportInputs:
    run = asking.run()
    cost, value = asking.cost(run, frozenset()), asking.value()
    facts = gather_analysis(
        asking.session, asking.period, asking.language, value.kpis, asking.parameters
    )
    return asking.inputs(cost, value, chain=asking.chain(run), analysis=facts)


def _quality(asking: Asking) -> ReportInputs:
    """A period without a published run has no open ends to tell of, but it has data."""
    found = find_run(asking.client, asking.period, asking.parameters)
    cost = asking.cost(asking.run(), frozenset({"proof", "unallocated"})) if found else None
    facts = gather_quality(asking.client, asking.period, asking.language, asking.parameters)
    return asking.inputs(cost, ValueFacts(), quality=facts)


def _carbon(asking: Asking) -> ReportInputs:
    run = asking.run()
    facts = gather_carbon(asking.client, run, asking.parameters)
    return asking.inputs(asking.cost(run, frozenset()), ValueFacts(), carbon=facts)


def _compliance(asking: Asking) -> ReportInputs:
    facts = gather_compliance(asking.client, asking.period)
    return asking.inputs(None, ValueFacts(), compliance=facts)


_GATHERERS: dict[str, Callable[[Asking], ReportInputs]] = {
    "cost-value-distribution": _cost_and_value,
    "it-spend-overview": _cost,
    "consumer-statement": _statement,
    "post-implementation-review": _value,
    "value-analysis": _analysis,
    "unallocated-and-data-quality": _quality,
    "carbon": _carbon,
    "compliance": _compliance,
}
