"""The file formats of reports: their media types, and one way to write them all.

The renderers carry heavy libraries; they are imported when a file is written.
"""

import importlib

from services.valuation.reporting.reports.document import Document

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
}
_RENDERERS = {
    "xlsx": "xlsx_file",
    "pdf": "pdf_file",
    "csv": "csv_file",
    "json": "json_file",
    "html": "html_page",
}


def render(document: Document, file_format: str) -> bytes:
    """The document as a file; the same document gives the same bytes."""
    module = importlib.import_module(
        f"services.valuation.reporting.reports.files.{_RENDERERS[file_format]}"
    )
    content: bytes = getattr(module, f"render_{file_format}")(document)
    return content
