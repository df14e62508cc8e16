"""What is kept no longer than a policy says: removed in small steps, counted, written down.

Rules of the foundations stand here, those of a service with its nouns. Closed periods, published
runs and the audit trail belong to no rule.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from shared import metrics
from shared.audit import trail
from shared.database import in_transaction
from shared.settings import get_settings

STEP = 1_000
MOST_STEPS = 200
"""What is left after so many steps goes the next time."""
SUBJECT = "retention"


@dataclass(frozen=True)
class Rule:
    """What goes: `step` removes up to so many that are older than so many days, tells how many."""

    service: str
    what: str
    setting: str
    step: Callable[[Session, int, int], int]


_rules: dict[str, Rule] = {}


def register(
    service: str, what: str, setting: str, step: Callable[[Session, int, int], int]
) -> None:
    """Add a rule; the setting holds its days, 0 for ever."""
    _rules[what] = Rule(service, what, setting, step)


def remove_old(service: str) -> dict[str, int]:
    """Apply every rule of a service; answers what was removed. Repeatable, each step by itself."""
    removed = {}
    for rule in [rule for rule in _rules.values() if rule.service in {service, "every"}]:
        days = int(getattr(get_settings(), rule.setting))
        count = _apply(rule, days) if days else 0
        if count:
            removed[rule.what] = count
            metrics.retention_removed.labels(service, rule.what).inc(count)
            details = {"removed": count, "older_than_days": days}
            with in_transaction() as session:
                trail.record(
                    session, SUBJECT, service, "remove_old", rule.what, "", details=details
                )
    return removed


def _apply(rule: Rule, days: int) -> int:
    total = 0
    for _ in range(MOST_STEPS):
        with in_transaction() as session:
            count = rule.step(session, days, STEP)
        total += count
        if not count:
            break
    return total


def by_statement(statement: str) -> Callable[[Session, int, int], int]:
    """A step of one statement that binds :days and :most."""
    prepared = text(statement)

    def step(session: Session, days: int, most: int) -> int:
        done = session.execute(prepared, {"days": days, "most": most})
        return int(getattr(done, "rowcount", 0))

    return step


_OLD = "< now() - :days * interval '1 day'"
register(
    "allocation",
    "outbox_event",
    "keep_events_days",
    by_statement(
        f"with old as (select e.id from outbox_event e where e.routed and e.created_at {_OLD}"
        " and not exists (select 1 from outbox_delivery d where d.event_id = e.id"
        " and d.delivered_at is null and d.given_up_at is null) order by e.id limit :most),"
        " told as (delete from outbox_delivery where event_id in (select id from old))"
        " delete from outbox_event where id in (select id from old)"
    ),
)
register(
    "allocation",
    "received_event",
    "keep_events_days",
    by_statement(
        "delete from received_event where ctid = any(array("
        f"select ctid from received_event where received_at {_OLD} limit :most))"
    ),
)
register(
    "allocation",
    "job",
    "keep_jobs_days",
    by_statement(
        f"delete from job where id in (select id from job where finished_at {_OLD} limit :most)"
    ),
)
