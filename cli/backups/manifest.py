"""What a backup says of itself: versions, counts, hashes, and the parts it is made of."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict

FORMAT = 1


class _Fixed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Fixed):
    """One part of the archive."""

    bytes: int
    sha256: str


class TableContent(_Fixed):
    """How many rows a table has, and the sum of the hashes of its rows."""

    rows: int
    digest: str


class Contents(_Fixed):
    """What a database holds at one moment; `runs` has the output hash of every finished run."""

    revision: str
    postgres: str
    audit_position: int
    audit_hash: str
    tables: dict[str, TableContent]
    runs: dict[str, str]

    def differences(self, found: "Contents") -> Iterator[str]:
        """What is not the same in `found`, as sentences."""
        for name, table in self.tables.items():
            if found.tables.get(name) != table:
                yield f"table {name} is not what it was"
        for run, output_hash in self.runs.items():
            if found.runs.get(run) != output_hash:
                yield f"the output hash of run {run} is not what it was"
        for name in ("revision", "audit_position", "audit_hash"):
            if getattr(self, name) != getattr(found, name):
                yield f"{name} is {getattr(found, name)}, not {getattr(self, name)}"


class Manifest(_Fixed):
    """The archive's table of contents; `missing_files` are named by a row and lay nowhere."""

    format: int = FORMAT
    made_at: datetime
    btim: str
    contents: Contents
    parts: dict[str, Part]
    missing_files: list[str]
