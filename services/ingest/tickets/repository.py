"""The SQL of ticket statistics."""

from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

GROUPS = (
    "service", "solution", "consumer", "assignment_group", "category", "priority", "kind", "state",
)  # fmt: skip

_COUNTS = """
count(*) as opened,
count(resolved_at) as resolved,
count(closed_at) as closed,
count(*) filter (where reopen_count > 0) as reopened,
count(*) filter (where sla_met) as sla_met,
count(sla_met) as sla_known,
coalesce(sum(extract(epoch from date_trunc('second', resolved_at)
    - date_trunc('second', opened_at)) / 3600), 0) as resolution_hours
"""


def statistics(session: Session, period: str, by: str | None) -> list[Row[Any]]:
    """Counts of the tickets opened in a period, by one field (null last) or all together."""
    if by is not None and by not in GROUPS:
        raise ValueError(f"tickets are not counted by {by}")
    key = by or "cast(null as text)"
    grouping = f"group by {by} order by {by} nulls last" if by else ""
    found = session.execute(
        text(
            f"select {key} as key, {_COUNTS} from ticket"
            f" where live_to is null and period = :period {grouping}"
        ),
        {"period": period},
    )
    return list(found.all())
