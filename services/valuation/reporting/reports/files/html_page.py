"""A report as one self-contained page: no scripts, nothing loaded from outside, pictures inline."""

from html import escape

from services.valuation.reporting.charts.render import render_svg
from services.valuation.reporting.reports.document import (
    Cell,
    Document,
    Missing,
    Section,
    Sentence,
    Table,
    cell_text,
    paper_table,
    table_text,
)
from services.valuation.reporting.reports.files.html_style import STYLE
from services.valuation.reporting.reports.wording.labels import label

MEDIA_TYPE = "text/html; charset=utf-8"
_MOST_ROWS = 300
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_NUMERIC = {"money", "number", "share"}


def render_html(document: Document) -> bytes:
    """Everything that came from data is escaped; links go only to http(s) or this host."""
    language = document.language
    facts = "".join(
        f"<div><dt>{escape(name)}</dt>"
        f"<dd>{_linked(cell_text(cell, language), cell.href)}</dd></div>"
        for name, cell in document.facts
    )
    contents = "".join(
        f'<a href="#{escape(section.key)}">{escape(section.title)}</a>'
        for section in document.sections
    )
    sections = "".join(_section(section, document) for section in document.sections)
    page = (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(document.title)} · {escape(document.period)}</title>"
        f"<style>{STYLE}</style></head><body><header><h1>{escape(document.title)}</h1>"
        f"<p>{escape(document.subtitle)}</p><dl>{facts}</dl><nav>{contents}"
        f'<a href="#sources">{escape(label("sources", language))}</a></nav></header>'
        f"<main>{sections}{_sources(document)}</main></body></html>\n"
    )
    return page.encode()


def safe_href(href: str | None) -> str | None:
    """The link if it leads to http(s) or to a path of this host; nothing else becomes a link."""
    if href and (href.startswith(("https://", "http://")) or _is_local(href)):
        return href
    return None


def _is_local(href: str) -> bool:
    return href.startswith("/") and not href.startswith(("//", "/\\"))


def _linked(text: str, href: str | None) -> str:
    target = safe_href(href)
    return f'<a href="{escape(target)}">{escape(text)}</a>' if target else escape(text)


def _section(section: Section, document: Document) -> str:
    sentences = "".join(_sentence(said, document) for said in section.sentences)
    pictures = "".join(
        f'<figure aria-label="{escape(picture.words)}">'
        f"{render_svg(picture.spec, prefix=f'{section.key}-{picture.key}-')}</figure>"
        for picture in section.pictures
    )
    tables = "".join(_table(table, document) for table in section.tables)
    return (
        f'<section id="{escape(section.key)}"><h2>{escape(section.title)}</h2>'
        f"{sentences}{pictures}{tables}</section>"
    )


def _sentence(said: Sentence, document: Document) -> str:
    words = "".join(
        escape(part)
        if isinstance(part, str)
        else f"<b>{_linked(cell_text(part, document.language), part.href)}</b>"
        for part in said.parts
    )
    return f'<p class="{escape(said.kind)}">{words}</p>'


def _table(table: Table, document: Document) -> str:
    language = document.language
    paper = paper_table(table, _MOST_ROWS, label("rest", language))
    kinds = [column.kind for column in paper.columns]
    head = "".join(
        f'<th scope="col" class="{_side(kind)}">{escape(column.label)}</th>'
        for column, kind in zip(paper.columns, kinds, strict=True)
    )
    rows = "".join(f"<tr>{_row(row, kinds, document)}</tr>" for row in paper.rows)
    foot = (
        f"<tfoot><tr>{_row(paper.totals, kinds, document, '')}</tr></tfoot>" if paper.totals else ""
    )
    note = f'<p class="note">{escape(paper.note)}</p>' if paper.note else ""
    return (
        f'<div class="table"><table id="{escape(table.key)}">'
        f"<caption>{escape(table.title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>{foot}</table></div>{note}"
    )


def _row(
    row: tuple[Cell, ...], kinds: list[str], document: Document, nothing: str | None = None
) -> str:
    """The cells of a line; in the line of totals `nothing` stands for what does not add up."""
    cells = []
    for cell, kind in zip(row, kinds, strict=True):
        looks = _side(kind) + (" missing" if isinstance(cell, Missing) else "")
        text = _linked(table_text(cell, document.language), cell.href)
        if nothing is not None and isinstance(cell, Missing) and not cell.reason:
            text = nothing
        cells.append(f'<td class="{looks.strip()}">{text}</td>')
    return "".join(cells)


def _side(kind: str) -> str:
    return "figure" if kind in _NUMERIC else ""


def _sources(document: Document) -> str:
    language = document.language
    rows = "".join(
        f"<tr><td>{_linked(source.label, source.href)}</td>"
        f"<td><code>{escape(source.id)}</code></td>"
        f"<td><code>{escape(source.fingerprint)}</code></td>"
        f"<td><code>{escape(source.output_hash)}</code></td></tr>"
        for source in document.sources
    )
    head = "".join(
        f'<th scope="col">{escape(label(key, language))}</th>'
        for key in ("source", "id", "fingerprint", "output_hash")
    )
    return (
        f'<section id="sources"><h2>{escape(label("sources", language))}</h2>'
        f'<div class="table"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="note">{escape(label("inputs_sha256", language))}: '
        f"<code>{escape(document.inputs_sha256)}</code></p></section>"
    )
