"""What a cell of a spreadsheet may hold: no text that would be run, nothing that XML refuses."""

import re

XLSX_TEXT = 32_767
"""Characters that a cell of a workbook holds."""
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are full-width
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def safe_text(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run, spaces before it or not."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def legible(text: str) -> str:
    """The text without characters that no XML (and so no SVG, no workbook) may hold."""
    return _NOT_XML.sub(" ", text)


def workbook_text(text: str) -> str:
    """As much text as a cell of a workbook can hold, without what no workbook may hold."""
    text = legible(text)
    return text if len(text) <= XLSX_TEXT else text[: XLSX_TEXT - 1] + "…"
