"""A report as PDF through Typst: landscape A4, vector pictures, an embedded Chinese font."""

import json
import re
from datetime import UTC
from functools import cache
from typing import Any

import typst
from pylopdf_fonts_zh_cn import sans_path

from services.valuation.reporting.charts.render import render_svg
from services.valuation.reporting.reports.document import (
    Cell,
    Document,
    Missing,
    Section,
    Table,
    cell_text,
    paper_table,
    table_text,
)
from services.valuation.reporting.reports.files.html_page import safe_href
from services.valuation.reporting.reports.files.pdf_template import TEMPLATE
from services.valuation.reporting.reports.wording.labels import label

MEDIA_TYPE = "application/pdf"
_MOST_ROWS = 40
_NUMERIC = {"money", "number", "share"}
_LONG_WORD = re.compile(r"\S{24,}")
_BREAK_AFTER = re.compile(r"([/:_.\-])(?=\S)")


def render_pdf(document: Document) -> bytes:
    """Data reaches the template as values, never as source, so no text can become markup.

    The only date in the file is the document's own; same document, same bytes.
    """
    values = json.dumps(_values(document), ensure_ascii=False)
    pdf: bytes = typst.compile(
        TEMPLATE.encode(),
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": values},
        timestamp=document.as_of.astimezone(UTC).replace(microsecond=0),
    )
    return pdf


@cache
def _fonts() -> Any:
    """The Chinese font only, so that a page looks alike on every machine."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(sans_path().parent)],
    )


def _values(document: Document) -> dict[str, Any]:
    language = document.language
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "language": "zh" if language == "zh-CN" else "en",
        "region": "cn" if language == "zh-CN" else "gb",
        "period": document.period,
        "page": label("page", language),
        "facts": [
            {"label": name, "value": _piece(cell_text(cell, language), cell.href)}
            for name, cell in document.facts
        ],
        "sections": [_section(section, document) for section in document.sections],
        "sources": _sources(document),
    }


def _section(section: Section, document: Document) -> dict[str, Any]:
    language = document.language
    return {
        "title": section.title,
        "sentences": [
            {
                "kind": said.kind,
                "parts": [
                    _piece(part, None, figure=False)
                    if isinstance(part, str)
                    else _piece(cell_text(part, language), part.href)
                    for part in said.parts
                ],
            }
            for said in section.sentences
        ],
        "pictures": [
            {"svg": render_svg(picture.spec), "words": picture.words}
            for picture in section.pictures
        ],
        "tables": [
            _table(paper_table(table, _MOST_ROWS, label("rest", language)), document)
            for table in section.tables
        ],
    }


def _piece(text: str, href: str | None, figure: bool = True) -> dict[str, Any]:
    return {"text": text, "href": safe_href(href), "figure": figure}


def _table(table: Table, document: Document) -> dict[str, Any]:
    return {
        "title": table.title,
        "note": table.note,
        "columns": [
            {"label": column.label, "right": column.kind in _NUMERIC, "fits": column.kind != "text"}
            for column in table.columns
        ],
        "rows": [[_cell(cell, document) for cell in row] for row in table.rows],
        "totals": [_total(cell, document) for cell in table.totals] if table.totals else None,
    }


def _cell(cell: Cell, document: Document) -> dict[str, Any]:
    text = breakable(table_text(cell, document.language))
    return {"text": text, "soft": isinstance(cell, Missing), "href": safe_href(cell.href)}


def _total(cell: Cell, document: Document) -> dict[str, Any]:
    """A cell of the last line; where nothing adds up it stays empty."""
    if isinstance(cell, Missing) and not cell.reason:
        return {"text": "", "soft": False, "href": None}
    return _cell(cell, document)


def _sources(document: Document) -> dict[str, Any]:
    language = document.language
    keys = ("source", "id", "fingerprint", "output_hash")
    rows = [
        [
            {"text": text, "soft": False, "href": href}
            for text, href in (
                (source.label, safe_href(source.href)),
                (source.id, None),
                (source.fingerprint, None),
                (source.output_hash, None),
            )
        ]
        for source in document.sources
    ]
    return {
        "title": label("sources", language),
        "columns": [
            {"label": label(key, language), "right": False, "fits": key != "source"} for key in keys
        ],
        "rows": rows,
        "totals": None,
        "note": f"{label('inputs_sha256', language)}: {document.inputs_sha256}",
    }


def breakable(text: str) -> str:
    """Long words (codes, addresses) may break after separators, else after 16 characters."""

    def with_breaks(word: re.Match[str]) -> str:
        parted = _BREAK_AFTER.sub("\\1\u200b", word.group())
        return "\u200b".join(
            "\u200b".join(part[start : start + 16] for start in range(0, len(part), 16))
            for part in parted.split("\u200b")
        )

    return _LONG_WORD.sub(with_breaks, text)
