"""What one kind of import has to do, and what it tells of the rows that it stored."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from sqlmodel import Session

from services.ingest.imports.parsing import ParsedFile, RowReader
from shared.jobs.running import JobContext
from shared.tables.ingest.imports import DataImport

Writer = Callable[[bytes], object]


@dataclass
class Stored:
    """What became of the drafts of a file."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    refused_table: str | None = None
    periods: list[str] = field(default_factory=list)
    changed_line_periods: list[str] = field(default_factory=list)
    superseded: dict[str, Any] = field(default_factory=dict)
    has_money: bool = False
    money_accepted: dict[str | None, Decimal] = field(default_factory=dict)
    money_duplicate: dict[str | None, Decimal] = field(default_factory=dict)
    money_refused: dict[str | None, Decimal] = field(default_factory=dict)


class Handler(Protocol):
    """One kind of import."""

    def reader(self, row: DataImport) -> RowReader:
        """How batches of rows are read."""

    def drafts(self, context: JobContext, row: DataImport) -> AbstractContextManager[Writer]:
        """Where drafts are written, as CSV, while the file is read."""

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Store the drafts in the transaction of the session."""
