"""All inputs of one report, of whatever type."""

from dataclasses import dataclass

from services.valuation.reporting.reports.content.analysis.facts import AnalysisFacts
from services.valuation.reporting.reports.content.carbon.facts import CarbonFacts
from services.valuation.reporting.reports.content.chain_facts import ChainFacts
from services.valuation.reporting.reports.content.compliance.facts import ComplianceFacts
from services.valuation.reporting.reports.content.inputs import CostFacts, ValueFacts
from services.valuation.reporting.reports.content.quality.facts import QualityFacts
from services.valuation.reporting.reports.content.statement.facts import StatementFacts


@dataclass(frozen=True)
class ReportInputs:
    """All inputs of one report, its language and the hash over them.

    Beside cost and value, which several types tell of, a type has facts of its own.
    """

    period: str
    language: str
    cost: CostFacts | None
    value: ValueFacts
    sha256: str
    chain: ChainFacts | None = None
    statement: StatementFacts | None = None
    analysis: AnalysisFacts | None = None
    quality: QualityFacts | None = None
    carbon: CarbonFacts | None = None
    compliance: ComplianceFacts | None = None
