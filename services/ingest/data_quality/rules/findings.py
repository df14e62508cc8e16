"""What users' rules say of a period, with what they said of the periods before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session

from services.ingest.data_quality.domain import HISTORY_PERIODS, Status
from services.ingest.data_quality.rules import repository
from services.ingest.data_quality.rules.evaluation import Key, findings, stamp_of
from services.ingest.data_quality.rules.judging import Finding
from shared.contracts.ingest.data_quality import QualityPoint, RuleFinding
from shared.contracts.values import name_in
from shared.periods import next_period
from shared.tables.ingest.data_quality import QualityResult, QualityRule

STATUS: Mapping[str, Status] = {"info": "good", "warning": "warning", "critical": "bad"}
Kept = Mapping[str, Mapping[Key, QualityResult]]


def rule_findings(session: Session, period: str, scenario: str, language: str) -> list[RuleFinding]:
    """Every rule in force, by source; evaluated for this answer where lines or rules are newer."""
    rules = repository.active_rules(session, scenario)
    if not rules:
        return []
    periods = [next_period(period, months) for months in range(-HISTORY_PERIODS, 1)]
    kept: dict[str, dict[Key, QualityResult]] = {one: {} for one in periods}
    for row in repository.latest_results(session, periods, scenario):
        kept[row.period][row.rule_id, row.source, row.currency] = row
    change = repository.last_change(session, period, scenario)
    if not change:
        return []
    if repository.evaluated(session, period, scenario) == (change, stamp_of(rules)):
        found = _from_results(rules, kept[period])
    else:
        found = [(rule, one, None) for rule, one in findings(session, rules, period, scenario)]
    return [_answer(rule, one, at, kept, periods[:-1], language) for rule, one, at in found]


def _from_results(
    rules: Sequence[QualityRule], results: Mapping[Key, QualityResult]
) -> list[tuple[QualityRule, Finding, datetime | None]]:
    by_id = {rule.id: rule for rule in rules}
    found: list[tuple[QualityRule, Finding, datetime | None]] = [
        (by_id[row.rule_id], Finding(row.source, row.currency, row.value, row.breached),
         row.evaluated_at)
        for row in results.values()
        if row.rule_id in by_id
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one[0].code, one[1].source, one[1].currency or ""))


def _answer(
    rule: QualityRule,
    one: Finding,
    evaluated_at: datetime | None,
    kept: Kept,
    earlier: Sequence[str],
    language: str,
) -> RuleFinding:
    key = (rule.id, one.source, one.currency)
    return RuleFinding.model_validate(
        {
            "rule": rule.code,
            "rule_id": rule.id,
            "name": name_in(rule.names, language),
            "severity": rule.severity,
            "source": one.source,
            "currency": one.currency,
            "measure": rule.measure,
            "value": one.value,
            "operator": rule.operator,
            "threshold": rule.threshold,
            "breached": one.breached,
            "status": STATUS[rule.severity] if one.breached else "good",
            "evaluated_at": evaluated_at,
            "trend": [
                QualityPoint(period=period, value=_value(kept[period].get(key)))
                for period in earlier
            ],
        }
    )


def _value(row: QualityResult | None) -> Decimal | None:
    return None if row is None else row.value
