"""The SQL that reads the lines of a run as charges."""

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.allocation.focus.origins import Origin

COLUMNS = ", ".join(field.name for field in fields(Origin))


def read_origins(session: Session, ids: Sequence[UUID]) -> dict[UUID, Origin]:
    """The lines with these ids."""
    rows = session.execute(
        text(f"select {COLUMNS} from cost_line where id = any(:ids)"), {"ids": list(ids)}
    )
    return {row.id: Origin(*row) for row in rows}
