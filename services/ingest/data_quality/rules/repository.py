"""The SQL of rules, of what they found, and of which periods are to be looked at again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.ingest.data_quality import QualityResult, QualityRule

RECENT_PERIODS = 13
_DUE = """
select period, scenario, last_change from (
    select p.period, p.scenario, p.last_change, e.change_number, e.rules,
        row_number() over (partition by p.scenario order by p.period desc) as place
    from period_change p left join quality_evaluation e
        on e.period = p.period and e.scenario = p.scenario
    where p.topic = 'cost_lines' and p.last_change > 0 and p.scenario = any(:scenarios)
) s
join unnest(cast(:scenarios as text[]), cast(:stamps as text[])) as w(scenario, stamp)
    using (scenario)
where (place <= :recent and rules is distinct from stamp) or change_number <> last_change
order by period desc, scenario limit 100
"""


@dataclass(frozen=True)
class Span:
    """The lines of a period and scenario after a change."""

    period: str
    scenario: str
    change_number: int


def get_rule(session: Session, rule_id: UUID) -> QualityRule:
    """One rule by its id."""
    found = session.get(QualityRule, rule_id)
    if found is None:
        raise NotFound(f"data quality rule {rule_id}")
    return found


def lock_rule(session: Session, rule_id: UUID) -> QualityRule:
    """One rule, held against other changes until the transaction ends."""
    found = session.get(QualityRule, rule_id, with_for_update=True)
    if found is None:
        raise NotFound(f"data quality rule {rule_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, QualityRule]:
    """Rules by code, held against other changes."""
    query = (
        select(QualityRule)
        .where(col(QualityRule.code).in_(sorted(set(codes))))
        .order_by(col(QualityRule.code))
        .with_for_update()
    )
    return {row.code: row for row in session.execute(query).scalars()}


def active_rules(session: Session, scenario: str | None = None) -> list[QualityRule]:
    """The rules in force, by code."""
    query = select(QualityRule).where(col(QualityRule.active)).order_by(col(QualityRule.code))
    if scenario is not None:
        query = query.where(col(QualityRule.scenario) == scenario)
    return list(session.execute(query).scalars())


def list_query(filters: dict[str, Any]) -> Select[Any]:
    """Rules, filtered."""
    query = select(QualityRule)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(QualityRule, name) == value)
    return query


def results_query(rule_id: UUID, period: str | None, source: str | None) -> Select[Any]:
    """What a rule found over time."""
    query = select(QualityResult).where(col(QualityResult.rule_id) == rule_id)
    if period is not None:
        query = query.where(col(QualityResult.period) == period)
    return query if source is None else query.where(col(QualityResult.source) == source)


def latest_results(session: Session, periods: Sequence[str], scenario: str) -> list[QualityResult]:
    """The last result of each rule, period, source and currency; oldest period first."""
    key = (
        col(QualityResult.period), col(QualityResult.rule_id), col(QualityResult.source),
        col(QualityResult.currency),
    )  # fmt: skip
    query = (
        select(QualityResult)
        .where(col(QualityResult.scenario) == scenario, col(QualityResult.period).in_(periods))
        .ext(distinct_on(*key))
        .order_by(*key, col(QualityResult.id).desc())
    )
    return list(session.execute(query).scalars())


def last_change(session: Session, period: str, scenario: str) -> int:
    """The number of the last change of a period's lines; 0 without any."""
    found = session.execute(
        text(
            "select last_change from period_change where topic = 'cost_lines'"
            " and period = :period and scenario = :scenario"
        ),
        {"period": period, "scenario": scenario},
    ).scalar_one_or_none()
    return int(found or 0)


def evaluated(session: Session, period: str, scenario: str) -> tuple[int, str] | None:
    """After which change a period was evaluated, and with which rules."""
    row = session.execute(
        text(
            "select change_number, rules from quality_evaluation"
            " where period = :period and scenario = :scenario"
        ),
        {"period": period, "scenario": scenario},
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def lock_evaluation(session: Session, period: str, scenario: str) -> None:
    """Only one evaluation of a period at a time."""
    advisory_locks.hold(session, f"quality rules:{period}:{scenario}")


def note_evaluated(session: Session, span: Span, stamp: str) -> None:
    """Say after which change a period was evaluated, and with which rules."""
    session.execute(
        text(
            "insert into quality_evaluation (period, scenario, change_number, rules)"
            " values (:period, :scenario, :change, :rules) on conflict (period, scenario)"
            " do update set change_number = excluded.change_number, rules = excluded.rules,"
            " evaluated_at = now()"
        ),
        {"period": span.period, "scenario": span.scenario, "change": span.change_number,
         "rules": stamp},
    )  # fmt: skip


def due_spans(session: Session, stamps: dict[str, str]) -> list[Span]:
    """What changed since it was evaluated; recent periods also when the rules did."""
    rows = session.execute(
        text(_DUE),
        {"scenarios": list(stamps), "stamps": list(stamps.values()), "recent": RECENT_PERIODS},
    )
    return [Span(period, scenario, change) for period, scenario, change in rows]


def known_sources(session: Session, periods: Sequence[str], scenario: str) -> set[str]:
    """Sources of which lines were imported for these periods, or a rule has found something."""
    rows = session.execute(
        text(
            "select source from quality_result where period = any(:periods)"
            " and scenario = :scenario and value is not null"
            " union select source from data_import where status = 'succeeded'"
            " and scenario = :scenario and kind in ('ledger', 'budget', 'focus')"
            " and periods ?| cast(:periods as text[])"
        ),
        {"periods": list(periods), "scenario": scenario},
    )
    return set(rows.scalars())
