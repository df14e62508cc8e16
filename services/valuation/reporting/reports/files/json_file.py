"""A report as JSON: the document itself, exact numbers as strings."""

import json
from datetime import UTC
from typing import Any

from services.valuation.reporting.reports.document import (
    Cell,
    Day,
    Document,
    Missing,
    Money,
    Number,
    Section,
    Sentence,
    Share,
    Table,
    Text,
    sentence_text,
)
from shared.money import plain

MEDIA_TYPE = "application/json"


def render_json(document: Document) -> bytes:
    """Sections with sentences, tables and chart specifications; sources with their hashes."""
    language = document.language
    body = {
        "type": document.type,
        "title": document.title,
        "language": language,
        "period": document.period,
        "currency": document.currency,
        "as_of": document.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "inputs_sha256": document.inputs_sha256,
        "facts": [{"label": name, **_cell(cell)} for name, cell in document.facts],
        "sections": [_section(section, document) for section in document.sections],
        "sources": [
            {
                "label": source.label,
                "href": source.href,
                "id": source.id,
                "fingerprint": source.fingerprint,
                "output_hash": source.output_hash,
            }
            for source in document.sources
        ],
    }
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()


def _section(section: Section, document: Document) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "sentences": [_sentence(said, document) for said in section.sentences],
        "charts": [
            {"key": picture.key, "title": picture.title, "spec": picture.spec}
            for picture in section.pictures
        ],
        "tables": [_table(table) for table in section.tables],
    }


def _sentence(said: Sentence, document: Document) -> dict[str, Any]:
    figures = [_cell(part) for part in said.parts if not isinstance(part, str)]
    return {"text": sentence_text(said, document.language), "kind": said.kind, "figures": figures}


def _table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "key": table.key,
        "title": table.title,
        "columns": [
            {"key": column.key, "label": column.label, "kind": column.kind}
            for column in table.columns
        ],
        "rows": [dict(zip(keys, map(_cell, row), strict=True)) for row in table.rows],
        "totals": dict(zip(keys, map(_cell, table.totals), strict=True)) if table.totals else None,
        "note": table.note,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    link = {"href": cell.href} if cell.href else {}
    match cell:
        case Text(text=text):
            return {"text": text, **link}
        case Money(amount=amount, currency=currency):
            return {"amount": plain(amount), "currency": currency, **link}
        case Number(value=value, unit=unit):
            return {"value": plain(value), "unit": unit, **link}
        case Share(value=value):
            return {"share": plain(value), **link}
        case Day(day=day):
            return {"date": day.isoformat(), **link}
        case Missing(reason=reason):
            return {"value": None, "reason": reason, **link}
