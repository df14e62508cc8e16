"""Takes values out of the texts by which runs have grouped their lines.

Only texts change, equal ones alike and different ones differently: groups, units and flows stay,
so the hash of a run's output, its reconciliation and its traces hold. Its fingerprint stays that
of the texts which it took.
"""

import io
import json
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.personal_data.domain import Sought, comparable

GROUPS, HEAD = "input.groups", "input.head"
_LINE = "line."


def replace_in_runs(session: Session, fields: list[str], sought: Sought) -> int:
    """Runs whose inputs said a value in one of these fields of lines."""
    ids = session.execute(
        text("select distinct run_id from run_chunk where name = :name"), {"name": GROUPS}
    ).scalars()
    return sum(_replace_in_run(session, run_id, fields, sought) for run_id in ids.all())


def _replace_in_run(session: Session, run_id: UUID, fields: list[str], sought: Sought) -> bool:
    instead: dict[str, str] = {}
    for position, content in _chunks(session, run_id, GROUPS):
        changed = _rewritten(content, fields, sought, instead)
        if changed is not None:
            _put(session, run_id, GROUPS, position, changed)
    if not instead:
        return False
    for position, content in _chunks(session, run_id, HEAD):
        head = json.loads(content)
        head["mappings"] = _with(instead, head["mappings"])
        _put(session, run_id, HEAD, position, _canonical(head))
    session.execute(
        text("update allocation_run set rewritten = rewritten + 1 where id = :id"), {"id": run_id}
    )
    return True


def _chunks(session: Session, run_id: UUID, name: str) -> list[tuple[int, bytes]]:
    rows = session.execute(
        text(
            "select position, content from run_chunk where run_id = :id and name = :name"
            " order by position"
        ),
        {"id": run_id, "name": name},
    )
    return [(position, bytes(content)) for position, content in rows]


def _put(session: Session, run_id: UUID, name: str, position: int, content: bytes) -> None:
    """Parts of a run are never updated; this one is taken out and another put in its place."""
    key = {"id": run_id, "name": name, "position": position}
    session.execute(
        text("delete from run_chunk where run_id = :id and name = :name and position = :position"),
        key,
    )
    session.execute(
        text(
            "insert into run_chunk (run_id, name, position, content)"
            " values (:id, :name, :position, :content)"
        ),
        {**key, "content": content},
    )


def _rewritten(
    content: bytes, fields: list[str], sought: Sought, instead: dict[str, str]
) -> bytes | None:
    """The Parquet file with other texts, or None; `instead` learns what stands for what."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(content))
    columns = [name for name in file.schema_arrow.names if name.removeprefix(_LINE) in fields]
    table: Any = file.read() if columns else None
    found = False
    for name in columns:
        column: Any = table.column(name)
        known = {said: sought.of_field(said) for said in _saying(column, sought)}
        instead |= known
        if known:
            found = True
            texts = [known.get(said, said) for said in column.to_pylist()]
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, pa.array(texts, pa.string()).cast(column.type))
    if not found:
        return None
    out = io.BytesIO()
    pq.write_table(
        table, out, compression="zstd", compression_level=1, use_dictionary=False,
        write_statistics=False,
    )  # fmt: skip
    return out.getvalue()


def _saying(column: Any, sought: Sought) -> list[str]:
    values = [said for said in column.unique().to_pylist() if said]
    if sought.contains:
        return [s for s in values if any(one in comparable(s) for one in sought.comparable)]
    return [said for said in values if comparable(said) in sought.comparable]


def _with(instead: dict[str, str], value: Any) -> Any:
    """Selectors name the same groups as before."""
    if isinstance(value, str):
        return instead.get(value, value)
    if isinstance(value, list):
        return [_with(instead, one) for one in value]
    if isinstance(value, dict):
        return {name: _with(instead, one) for name, one in value.items()}
    return value


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
