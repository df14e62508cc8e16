"""Reads small files as an import does, without a database."""

import csv
import io
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from services.ingest.imports.parsing import ParsedFile, parse_file
from services.ingest.imports.reading.file_profile import FileRequest
from services.ingest.imports.reading.lines import read_lines
from services.ingest.profiles.domain import DRAFT_COLUMNS
from shared.money import EXACT


@dataclass(frozen=True)
class ReadFile:
    """What became of a file: its lines, its rejects as (row, column, code), and all the rest."""

    parsed: ParsedFile
    lines: list[dict[str, Any]]
    rejects: list[tuple[int, str, str]]

    @property
    def amounts(self) -> list[str]:
        """The amounts of the lines in order."""
        return [line["amount"] for line in self.lines]

    def balanced(self) -> bool:
        """Rows and money: received is lines and rejects, counted by two paths."""
        parts: dict[str | None, Decimal] = dict(self.parsed.rejected.sums)
        for line in self.lines:
            before = parts.get(line["currency"], Decimal(0))
            parts[line["currency"]] = EXACT.add(before, Decimal(line["amount"]))
        received = {code: sum_ for code, sum_ in self.parsed.received.money.sums.items() if sum_}
        rows = len(self.lines) + self.parsed.rejected_rows
        return rows == self.parsed.received.rows and received == {
            code: sum_ for code, sum_ in parts.items() if sum_
        }


def read_file(folder: Path, content: str | bytes, kind: str = "ledger", **request: Any) -> ReadFile:
    """Read a file of lines; `request` as in a FileRequest."""
    path = folder / "upload"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    drafts = io.BytesIO()
    asked = FileRequest(kind=kind, **{"currency": None, **request})
    parsed = parse_file(path, asked, folder, read_lines, drafts.write, lambda _: None)
    frame = (
        pl.read_csv(
            drafts.getvalue(), has_header=False, new_columns=list(DRAFT_COLUMNS), infer_schema=False
        )
        if drafts.tell()
        else pl.DataFrame(schema=dict.fromkeys(DRAFT_COLUMNS, pl.String))
    )
    with parsed.rejects.open(newline="") as stream:
        rejects = [(int(row[1]), row[2], row[3]) for row in csv.reader(stream)]
    return ReadFile(parsed, list(frame.iter_rows(named=True)), rejects)
