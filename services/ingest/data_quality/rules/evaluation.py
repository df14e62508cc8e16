"""Rules are evaluated when the lines of a period have changed; a new breach is told once."""

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.ingest.data_quality.domain import HISTORY_PERIODS
from services.ingest.data_quality.rules import repository
from services.ingest.data_quality.rules.counting_repository import Asked, count_lines
from services.ingest.data_quality.rules.judging import CHANGES, Finding, RuleMeasures, findings_of
from services.ingest.data_quality.rules.repository import Span
from services.ingest.data_quality.rules.selectors import read_selector
from shared.clock import utc_now
from shared.database import in_transaction
from shared.errors import Problem
from shared.events import outbox
from shared.jobs.chores import register
from shared.logs import get_logger
from shared.money import plain
from shared.periods import next_period
from shared.tables.ingest.data_quality import QualityResult, QualityRule

SERVICE = "ingest"
TOGETHER = 25
"""Rules that are counted in one reading of the lines."""
LOOK_SECONDS, LONGEST_REST_SECONDS = 1.0, 30.0
log = get_logger(__name__)
Key = tuple[UUID, str, str | None]
"""A rule, a source, a currency."""


def stamp_of(rules: Sequence[QualityRule]) -> str:
    """One text for a set of rules as they are."""
    told = ",".join(f"{rule.id}:{rule.version}" for rule in rules)
    return hashlib.sha256(told.encode()).hexdigest()


def findings(
    session: Session, rules: Sequence[QualityRule], period: str, scenario: str
) -> list[tuple[QualityRule, Finding]]:
    """What the rules find in a period as it is now."""
    earlier = [next_period(period, months) for months in range(-HISTORY_PERIODS, 0)]
    known = repository.known_sources(session, earlier, scenario) if rules else set()
    found: list[tuple[QualityRule, Finding]] = []
    for changes in (False, True):
        group = [rule for rule in rules if (rule.measure in CHANGES) == changes]
        periods = [*earlier, period] if changes else [period]
        for start in range(0, len(group), TOGETHER):
            part = group[start : start + TOGETHER]
            asked = [Asked(read_selector(rule.selector), rule.field) for rule in part]
            counted = count_lines(session, asked, periods, scenario)
            for place, rule in enumerate(part):
                measures = RuleMeasures(
                    rule.measure, rule.currency, rule.operator, rule.threshold, place
                )
                for one in findings_of(measures, period, counted, earlier, known):
                    found.append((rule, one))
    return sorted(found, key=lambda one: (one[0].code, one[1].source, one[1].currency or ""))


def evaluate(period: str, scenario: str) -> int:
    """Evaluate a period's rules unless that is done; how many results are new.

    Results are kept where they differ from the last ones. A source that gets into a breach is told
    of as `anomaly.found`; while it stays in it, it is not.
    """
    with in_transaction() as session:
        repository.lock_evaluation(session, period, scenario)
        span = Span(period, scenario, repository.last_change(session, period, scenario))
        rules = repository.active_rules(session, scenario)
        stamp = stamp_of(rules)
        if repository.evaluated(session, period, scenario) == (span.change_number, stamp):
            return 0
        before = {
            (row.rule_id, row.source, row.currency): row
            for row in repository.latest_results(session, [period], scenario)
        }
        found = findings(session, rules, period, scenario)
        new = sum(_take_in(session, span, rule, one, before) for rule, one in found)
        new += _close(session, span, rules, found, before)
        repository.note_evaluated(session, span, stamp)
        return new


def _take_in(
    session: Session,
    span: Span,
    rule: QualityRule,
    one: Finding,
    before: Mapping[Key, QualityResult],
) -> bool:
    last = before.get((rule.id, one.source, one.currency))
    result = _result(span, rule, one)
    if last is not None and _told(last) == _told(result):
        return False
    session.add(result)
    if one.breached and (last is None or not last.breached):
        _tell(session, rule, result)
    return True


def _close(
    session: Session,
    span: Span,
    rules: Sequence[QualityRule],
    found: Sequence[tuple[QualityRule, Finding]],
    before: Mapping[Key, QualityResult],
) -> int:
    """A source, or a currency of it, that is gone has nothing to measure any more."""
    seen = {(rule.id, one.source, one.currency) for rule, one in found}
    by_id = {rule.id: rule for rule in rules}
    closed = 0
    for key, last in before.items():
        rule = by_id.get(key[0])
        if rule is not None and key not in seen and last.value is not None:
            session.add(_result(span, rule, Finding(last.source, last.currency, None, False)))
            closed += 1
    return closed


def _result(span: Span, rule: QualityRule, one: Finding) -> QualityResult:
    return QualityResult(
        rule_id=rule.id,
        period=span.period,
        scenario=span.scenario,
        source=one.source,
        currency=one.currency,
        value=one.value,
        operator=rule.operator,
        threshold=rule.threshold,
        severity=rule.severity,
        breached=one.breached,
        change_number=span.change_number,
        evaluated_at=utc_now(),
    )


def _told(row: QualityResult) -> tuple[object, ...]:
    return (row.value, row.breached, row.operator, row.threshold, row.severity)


def _tell(session: Session, rule: QualityRule, result: QualityResult) -> None:
    payload = {
        "rule": rule.code,
        "names": rule.names,
        "period": result.period,
        "scenario": result.scenario,
        "source": result.source,
        "currency": result.currency,
        "measure": rule.measure,
        "value": None if result.value is None else plain(result.value),
        "operator": rule.operator,
        "threshold": plain(rule.threshold),
        "severity": rule.severity,
    }
    outbox.publish(session, SERVICE, "anomaly.found", str(result.id), payload)


class RuleWatch:
    """Looks for periods whose lines or rules have changed, and evaluates those that have settled.

    A period that changed since the last look is left until it rests, but not for ever.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[int, float]] = {}
        self._work: threading.Thread | None = None

    def look(self) -> int:
        """How many periods are being evaluated now; the work is done beside the other chores."""
        if self._work is not None and self._work.is_alive():
            return 0
        due = self._settled(due_now(), time.monotonic())
        if due:
            self._work = threading.Thread(target=evaluate_all, args=(due,), daemon=True)
            self._work.start()
        return len(due)

    def _settled(self, due: Sequence[Span], now: float) -> list[Span]:
        known, self._seen = self._seen, {}
        settled = []
        for span in due:
            key = (span.period, span.scenario)
            change, since = known.get(key, (-1, now))
            self._seen[key] = (span.change_number, since)
            if change == span.change_number or now - since > LONGEST_REST_SECONDS:
                settled.append(span)
        return settled


register(SERVICE, "evaluate_quality_rules", LOOK_SECONDS, RuleWatch().look)


def due_now() -> list[Span]:
    """The periods to be evaluated."""
    with in_transaction() as session:
        by_scenario: dict[str, list[QualityRule]] = defaultdict(list)
        for rule in repository.active_rules(session):
            by_scenario[rule.scenario].append(rule)
        stamps = {scenario: stamp_of(rules) for scenario, rules in by_scenario.items()}
        return repository.due_spans(session, stamps) if stamps else []


def evaluate_due() -> int:
    """Evaluate everything that is due, here and now; how many results are new."""
    return sum(evaluate(span.period, span.scenario) for span in due_now())


def evaluate_all(spans: Sequence[Span]) -> None:
    """Evaluate one after the other; what fails is logged, and due again at the next look."""
    for span in spans:
        try:
            evaluate(span.period, span.scenario)
        except Problem as problem:
            log.warning("rules_not_evaluated", period=span.period, error=problem.detail)
        except IntegrityError:  # a rule was deleted meanwhile: the next look finds the others due
            log.info("rules_changed_meanwhile", period=span.period)
        except Exception as error:
            log.error("rules_crashed", period=span.period, exc_info=error)
            return
