"""The chapters of the compliance report."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.compliance.facts import ComplianceFacts
from services.valuation.reporting.reports.content.compliance.tables import (
    approval_table,
    count_table,
    event_table,
    trail_address,
)
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Number,
    Section,
    Sentence,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence

_MOST_NAMED = 8


def compliance_sections(
    facts: ComplianceFacts, period: str, links: Links, language: Language
) -> list[Section]:
    """What was done and by whom; who decided; the books of the period; who got access."""
    return [
        _activity(facts, period, links, language),
        _approvals(facts, links, language),
        _books(facts, links, language),
        _access(facts, links, language),
    ]


def _number(count: int, href: str) -> Number:
    return Number(Decimal(count), href=href)


def _activity(facts: ComplianceFacts, period: str, links: Links, language: Language) -> Section:
    source = trail_address("allocation", links)
    by_subject: dict[str, int] = {}
    for each in facts.counts:
        by_subject[each.subject] = by_subject.get(each.subject, 0) + each.times
    cells: dict[str, Cell | str] = {
        "count": _number(sum(by_subject.values()), source),
        "subjects": _number(len(by_subject), source),
        "period": Text(period),
    }
    said = [sentence("trail_count", language, cells)]
    if by_subject:
        busiest = max(sorted(by_subject), key=lambda name: by_subject[name])
        told: dict[str, Cell | str] = {
            "subject": Text(busiest),
            "count": _number(by_subject[busiest], source),
        }
        said.append(sentence("trail_busiest", language, told))
    for service, count in facts.events:
        if not count:
            silent: dict[str, Cell | str] = {
                "service": Text(service, trail_address(service, links)),
                "period": Text(period),
            }
            said.append(sentence("trail_empty", language, silent, "note"))
    said += [sentence(key, language, {}, "note") for key in ("trail_reading", "trail_own")]
    tables = (count_table(facts, links, language),) if facts.counts else ()
    return Section("activity", label("activity", language), tuple(said), tables=tables)


def _approvals(facts: ComplianceFacts, links: Links, language: Language) -> Section:
    title = label("approvals", language)
    if not facts.approvals:
        return Section("approvals", title, (sentence("no_decisions", language, {}, "note"),))
    source = trail_address("allocation", links)
    by_eyes = {
        eyes: [each for each in facts.approvals if each.eyes == eyes]
        for eyes in ("four", "two", "unknown")
    }
    cells: dict[str, Cell | str] = {
        "count": _number(len(facts.approvals), source),
        "kept": _number(len(by_eyes["four"]), source),
    }
    said = [sentence("eyes_kept", language, cells)]
    for each in by_eyes["two"][:_MOST_NAMED]:
        event = each.event
        told: dict[str, Cell | str] = {
            "subject": Text(event.subject),
            "action": Text(event.action),
            "resource": Text(event.resource, trail_address(event.service, links, event)),
            "day": Text(event.at.date().isoformat()),
        }
        said.append(sentence("eyes_broken", language, told, "warning"))
    if by_eyes["unknown"]:
        count = _number(len(by_eyes["unknown"]), source)
        said.append(sentence("eyes_unknown", language, {"count": count}, "note"))
    table = approval_table(facts, links, language)
    return Section("approvals", title, tuple(said), tables=(table,))


def _books(facts: ComplianceFacts, links: Links, language: Language) -> Section:
    title, source = label("books", language), trail_address("allocation", links)
    said: list[Sentence] = []
    tables: list[Table] = []
    if facts.books:
        done = [(event.resource, event.action) for event in facts.books]
        cells: dict[str, Cell | str] = {
            "closings": _number(done.count(("period", "close")), source),
            "reopenings": _number(done.count(("period", "reopen")), source),
            "published": _number(done.count(("run", "publish")), source),
        }
        said.append(sentence("books_state", language, cells))
        tables.append(event_table("book_events", facts.books, links, language))
    else:
        said.append(sentence("books_none", language, {}, "note"))
    if facts.models:
        tables.append(event_table("model_events", facts.models, links, language))
    return Section("books", title, tuple(said), tables=tuple(tables))


def _access(facts: ComplianceFacts, links: Links, language: Language) -> Section:
    keys = [event.action for event in facts.keys if event.resource == "api_key"]
    files = [event.action for event in facts.files]
    where, source = trail_address("allocation", links), trail_address("valuation", links)
    made: dict[str, Cell | str] = {
        "count": _number(keys.count("create"), where),
        "revoked": _number(keys.count("revoke"), where),
    }
    seen: dict[str, Cell | str] = {
        "ordered": _number(files.count("order"), source),
        "fetched": _number(files.count("fetch"), source),
    }
    purges = [event.action for event in facts.removals]
    removed: dict[str, Cell | str] = {
        "purges": _number(purges.count("purged"), trail_address("ingest", links)),
        "old": _number(purges.count("remove_old"), source),
    }
    said = (
        sentence("keys_made", language, made),
        sentence("files_seen", language, seen),
        sentence("data_removed", language, removed),
    )
    tables = tuple(
        event_table(name, events, links, language)
        for name, events in (
            ("key_events", facts.keys),
            ("file_events", facts.files),
            ("read_events", facts.reads),
            ("removal_events", facts.removals),
        )
        if events
    )
    return Section("access", label("access", language), said, tables=tables)
