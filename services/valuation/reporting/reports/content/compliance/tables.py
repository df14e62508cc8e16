"""Counts, decisions and single commands of the audit trails as tables."""

from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlencode

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.compliance.facts import (
    ComplianceFacts,
    TrailEvent,
)
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import Cell, Column, Missing, Number, Table, Text
from services.valuation.reporting.reports.wording.labels import label, term


def trail_address(service: str, links: Links, event: TrailEvent | None = None) -> str:
    """The trail of a service, or what it says about one resource."""
    asked = ""
    if event is not None:
        named = {"resource_type": event.resource, "resource_id": event.resource_id}
        asked = f"?{urlencode(named)}"
    return f"{getattr(links, service)}/v1/audit-events{asked}"


def count_table(facts: ComplianceFacts, links: Links, language: Language) -> Table:
    """How often each caller did what to what."""
    keys = ("subject", "service", "resource", "action")
    columns = (
        *(Column(key, label(key, language)) for key in keys),
        Column("times", label("times", language), "number", True),
    )
    rows: list[tuple[Cell, ...]] = []
    for each in sorted(
        facts.counts, key=lambda one: (one.subject, one.service, one.resource, one.action)
    ):
        asked = urlencode({"subject": each.subject, "action": each.action})
        source = f"{trail_address(each.service, links)}?{asked}"
        rows.append(
            (
                Text(each.subject),
                Text(each.service),
                Text(each.resource),
                Text(each.action),
                Number(Decimal(each.times), href=source),
            )
        )
    total = Number(Decimal(sum(each.times for each in facts.counts)))
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        *(Missing() for _ in range(3)),
        total,
    )
    return Table("actions", label("action_counts", language), columns, tuple(rows), totals)


def approval_table(facts: ComplianceFacts, links: Links, language: Language) -> Table:
    """Every decision with its authors, oldest first."""
    keys = ("at", "subject", "action", "resource", "resource_id", "authors", "eyes")
    columns = tuple(Column(key, label(key, language)) for key in keys)
    rows: list[tuple[Cell, ...]] = []
    for each in sorted(facts.approvals, key=lambda one: (one.event.at, one.event.id)):
        event = each.event
        authors = Text(", ".join(each.authors)) if each.authors else Missing()
        rows.append((*_cells(event, links), authors, Text(term("eyes", each.eyes, language))))
    return Table("approvals", label("approval_list", language), columns, tuple(rows))


def event_table(name: str, events: Sequence[TrailEvent], links: Links, language: Language) -> Table:
    """Single commands, oldest first, with what their details say."""
    keys = ("at", "subject", "action", "resource", "resource_id", "remark")
    columns = tuple(Column(key, label(key, language)) for key in keys)
    rows: list[tuple[Cell, ...]] = [
        (*_cells(event, links), Text(event.note) if event.note else Missing())
        for event in sorted(events, key=lambda one: (one.at, one.id))
    ]
    return Table(name, label(name, language), columns, tuple(rows))


def _cells(event: TrailEvent, links: Links) -> tuple[Cell, ...]:
    return (
        Text(event.at.strftime("%Y-%m-%d %H:%M:%S")),
        Text(event.subject),
        Text(event.action),
        Text(event.resource),
        Text(event.resource_id, trail_address(event.service, links, event)),
    )
