"""What a run took, read back from its stored chunks."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.allocation.engine.storing.driver_storage import NARROW, WIDE


def read_quantity_chunks(session: Session, run_id: UUID) -> dict[str, list[bytes]]:
    """The stored quantities of all drivers of a run."""
    rows = session.execute(
        text(
            "select name, content from run_chunk where run_id = :run and name = any(:names)"
            " order by name, position"
        ),
        {"run": run_id, "names": [NARROW, WIDE]},
    )
    found: dict[str, list[bytes]] = {}
    for name, content in rows:
        found.setdefault(name, []).append(bytes(content))
    return found
