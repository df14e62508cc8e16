"""What a cell of a spreadsheet may hold: no text that would be run, nothing that XML refuses."""

import re

XLSX_TEXT = 32_767
"""Characters that a cell of a workbook holds."""
_OVERLOOKED = ' "\u00a0\u3000\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff'
"""What some programs take no notice of before a formula: spaces, quotes, what cannot be seen."""
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are full-width
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def safe_text(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if text.lstrip(_OVERLOOKED).startswith(_FORMULA_STARTS) else text


def legible(text: str) -> str:
    """The text without characters that no XML (and so no SVG, no workbook) may hold."""
    return _NOT_XML.sub(" ", text)


def workbook_text(text: str) -> str:
    """As much text as a cell of a workbook can hold, without what no workbook may hold."""
    text = legible(text)
    return text if len(text) <= XLSX_TEXT else text[: XLSX_TEXT - 1] + "…"
