"""Tells what is no row of the table: headers that come again, and sentences behind the last row."""

import re
from collections.abc import Iterator

import polars as pl

from services.ingest.files.detected import MalformedRow, RowBatch
from services.ingest.files.text.header import column_names, is_value

# What reports write below their last row, in the languages of their systems.
_CLOSING_PHRASES = (
    r"end\s+of\s+(?:the\s+)?(?:report|file|data|list|statement|export|document|records?)",
    r"(?:report|file|list)\s+(?:ends?|complete|finished)",
    r"no\s+more\s+(?:rows|data|records)",
    r"\d[\d.,]*\s+(?:rows?|records?|lines?|items?|entries|results?)\b.*",
    r"(?:total\s+|number\s+of\s+)?(?:rows?|records?|lines?|items?|entries)(?:\s+count)?\s*[:=].*",
    r"(?:record|row|line)\s+count\s*[:=]?\s*\d*",
    r"(?:report\s+)?(?:generated|printed|exported|created|produced|downloaded)\s+(?:on|at|by)\b.*",
    r"(?:report\s+)?run\s+(?:date|time|by)\b.*",
    r"page\s+\d+(?:\s+of\s+\d+)?.*",
    r"(?:source|notes?|disclaimer|remarks?|quelle|hinweis|nota|备注|说明|注)\s*[:：].*",
    r"seite\s+\d+.*",
    r"ende\s+(?:des\s+berichts|der\s+liste|der\s+datei)",
    r"anzahl\s+(?:zeilen|datens\w+)\s*[:=]?\s*\d*",
    r"fin\s+(?:du|de\s+la)\s+(?:rapport|fichier|liste)",
    r"nombre\s+de\s+lignes\s*[:=]?\s*\d*",
    r"共\s*\d+\s*[条行笔项].*",
    r"第\s*\d+\s*页.*",
    r"(?:制表|打印|导出|生成|审核)(?:人|时间|日期)?\s*[:：].*",
    r"(?:制单|复核|记账|出纳|经办|主管|会计主管|财务主管)(?:人|员)?\s*[:：].*",
    r"(?:报表|文件|数据|列表)?结束",
    r"(?:记录|行|条)数\s*[:：]?\s*\d*",
)
_CLOSING = re.compile(rf"[\W_]*(?:{'|'.join(_CLOSING_PHRASES)})[\W_]*", re.IGNORECASE)
_DECORATED_END = re.compile(r"[\W_]+(?:end|eof|ende|fin)[\W_]+", re.IGNORECASE)
_RULED_LINE = re.compile(r"[-=_*#~+\s|]{3,}")
_RULED_CELL = r"^\s*[-=_]{2,}\s*$"


def without_trailer(
    batches: Iterator[RowBatch],
    columns: tuple[str, ...],
    delimiter: str | None,
    trailer: list[MalformedRow],
) -> Iterator[RowBatch]:
    """The batches, less what stands below the table, which goes to `trailer`.

    A row is below the table if no row of the table comes after it, it holds no amount and no date,
    and it is narrower than the table and reads like the end of a report or stands behind a blank
    row, or is one closing sentence in a row of empty cells. A header that comes again in the
    middle is a malformed row of the code `repeated_header`. Lines of dashes say nothing, like
    blank rows.
    """
    held: RowBatch | None = None
    for batch in batches:
        if held is not None:
            yield held
        held = _without_headers(_without_ruled_lines(batch), columns)
    if held is not None:
        last = _without_tail(held, delimiter, trailer)
        if last.cells.height or last.malformed or not trailer:
            yield last
    trailer.sort(key=lambda row: row.row)


def _without_ruled_lines(batch: RowBatch) -> RowBatch:
    if not batch.cells.height:
        return batch
    ruled = pl.col(batch.cells.columns[0]).str.contains(_RULED_CELL)
    if not batch.cells.select(ruled.any()).item():
        return batch
    whole = batch.cells.select(pl.all_horizontal(pl.all().str.contains(_RULED_CELL))).to_series()
    places = whole.fill_null(value=False).arg_true().to_list()
    return _without(batch, places, ()) if places else batch


def _without_headers(batch: RowBatch, columns: tuple[str, ...]) -> RowBatch:
    if not columns or columns[0] not in batch.cells.columns:
        return batch
    first = batch.cells[columns[0]]
    alike = (first.str.strip_chars() == columns[0]).fill_null(value=False)
    if not alike.any():
        return batch
    places = [
        place
        for place in alike.arg_true().to_list()
        if column_names([cell or "" for cell in batch.cells.row(place)]) == columns
    ]
    if not places:
        return batch
    again = [
        MalformedRow(
            batch.numbers[place],
            "The header comes again here.",
            ",".join(cell or "" for cell in batch.cells.row(place))[:2_000],
            "repeated_header",
        )
        for place in places
    ]
    return _without(batch, places, tuple(again))


def _without_tail(batch: RowBatch, delimiter: str | None, trailer: list[MalformedRow]) -> RowBatch:
    """The last batch without the rows behind its last row that is one of the table."""
    malformed = {row.row: row for row in batch.malformed}
    places = {number: place for place, number in enumerate(batch.numbers)}
    width = batch.cells.width
    taken: list[int] = []
    for number in sorted({*malformed, *places}, reverse=True):
        if number in malformed:
            behind_blank = not {number - 1} & {*malformed, *places}
            if not _closes(malformed[number], width, delimiter, behind_blank=behind_blank):
                break
            trailer.append(malformed.pop(number))
        else:
            text = _closing_text(batch.cells.row(places[number]))
            if width < 3 or text is None:
                break
            trailer.append(MalformedRow(number, "The row stands below the table.", text))
            taken.append(places[number])
    remaining = RowBatch(batch.numbers, batch.cells, tuple(malformed.values()))
    return _without(remaining, taken, ()) if taken else remaining


def _closes(row: MalformedRow, width: int, delimiter: str | None, *, behind_blank: bool) -> bool:
    cells = row.raw.split(delimiter or ",")
    texts = [cell.strip().strip("\"'").strip() for cell in cells]
    if row.code != "malformed_row" or len(cells) >= width or any(map(is_value, texts)):
        return False
    whole = " ".join(text for text in texts if text)
    return is_closing_sentence(whole) or (behind_blank and " " in whole)


def is_closing_sentence(text: str) -> bool:
    """Whether a text reads like the end of a report, or is a ruled line."""
    patterns = (_CLOSING, _DECORATED_END, _RULED_LINE)
    return any(pattern.fullmatch(text) for pattern in patterns)


def _closing_text(cells: tuple[str | None, ...]) -> str | None:
    """The text of a row of which every filled cell reads like the end of a report."""
    filled = [cell.strip() for cell in cells if cell and cell.strip()]
    return "  ".join(filled) if filled and all(map(is_closing_sentence, filled)) else None


def _without(batch: RowBatch, places: list[int], malformed: tuple[MalformedRow, ...]) -> RowBatch:
    kept = pl.Series([True] * batch.cells.height, dtype=pl.Boolean).scatter(places, False)
    return RowBatch(
        batch.numbers.filter(kept), batch.cells.filter(kept), (*batch.malformed, *malformed)
    )
