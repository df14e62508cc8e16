"""The SQL of fields that hold personal data, and of taking values out of rows."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlmodel import Session, col

from services.ingest.personal_data.domain import Sought
from shared.errors import NotFound
from shared.tables.ingest.personal_data import PersonalDataField, PersonalDataPurge

TABLES = {"tickets": "ticket", "cost_lines": "cost_line", "assets": "asset"}
#: Rows whose texts may say anything: key columns, texts, JSON values.
OTHER_ROWS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    ("rejects", "import_reject", ("import_id", "number"), ("raw", "message"), ("cells",)),
    ("imports", "data_import", ("id",), ("file_name",), ("detected", "parameters", "problem")),
    ("files", "stored_file", ("id",), ("name",), ()),
    ("jobs", "job", ("id",), (), ("problem", "arguments")),
    ("syncs", "source_sync", ("id",), (), ("problem", "cursor")),
    ("quality_figures", "quality_figures", ("period", "scenario", "topic"), (), ("content",)),
    ("events", "outbox_event", ("id",), (), ("payload",)),
)
_BATCH = 5_000


def secret_of(session: Session) -> bytes:
    """What pseudonyms and hashes of this deployment are keyed with."""
    return bytes(session.execute(text("select secret from deployment")).scalar_one())


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Fields with these values."""
    query = select(PersonalDataField)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(PersonalDataField, name) == value)
    return query


def get_field(session: Session, field_id: UUID) -> PersonalDataField:
    """One field by its id, held for a change."""
    found = session.get(PersonalDataField, field_id, with_for_update=True)
    if found is None:
        raise NotFound(f"field {field_id}")
    return found


def find_fields(session: Session) -> dict[tuple[str, str], PersonalDataField]:
    """All fields by collection and name; there are few."""
    rows = session.execute(select(PersonalDataField)).scalars()
    return {(row.collection, row.field): row for row in rows}


def fields_of(session: Session, collection: str) -> list[str]:
    """The names of a collection's fields."""
    query = select(col(PersonalDataField.field)).where(
        col(PersonalDataField.collection) == collection
    )
    return sorted(session.execute(query).scalars())


def get_purge(session: Session, purge_id: UUID) -> PersonalDataPurge:
    """One purge by its id."""
    found = session.get(PersonalDataPurge, purge_id)
    if found is None:
        raise NotFound(f"purge {purge_id}")
    return found


def purges_query() -> Select[Any]:
    """All purges."""
    return select(PersonalDataPurge)


def replace_in_fields(session: Session, sought: Sought) -> dict[str, int]:
    """Rows in which a value was replaced, by collection; every version of a row counts."""
    found: dict[str, int] = {}
    for collection, table in TABLES.items():
        for field in fields_of(session, collection):
            count = _replace_in_field(session, table, field, sought)
            found[collection] = found.get(collection, 0) + count
    for field in fields_of(session, "assets"):
        if field.startswith("tags."):  # an asset is told to allocation as a resource
            count = _replace_in_field(session, "cost_object", field, sought)
            found["resources"] = found.get("resources", 0) + count
    return found


def _replace_in_field(session: Session, table: str, field: str, sought: Sought) -> int:
    column, _, inner = field.partition(".")
    value = f"({column} ->> :inner)" if inner else column
    binds = {"inner": inner} if inner else {}
    rows = session.execute(
        text(f"select distinct {value} from {table} where {_says(value, sought)}"),
        {**binds, **_asked(sought)},
    )
    instead = {said: sought.of_field(said) for (said,) in rows}
    changed = f"cast(:instead as jsonb) ->> {value}"
    if inner:
        changed = f"jsonb_set({column}, array[:inner], to_jsonb({changed}))"
    statement = text(f"update {table} set {column} = {changed} where {value} = any(:known)")
    count, known = 0, sorted(instead)
    for start in range(0, len(known), _BATCH):
        part = {said: instead[said] for said in known[start : start + _BATCH]}
        told = {"instead": json.dumps(part), "known": list(part)}
        count += _count(session.execute(statement, {**binds, **told}))
    return count


def _says(value: str, sought: Sought) -> str:
    plain = f"""lower(normalize({value}, nfkc) collate "pg_c_utf8") collate "C\""""
    if sought.contains:
        found = f'strpos({plain}, v collate "C") > 0'
        return f"exists (select 1 from unnest(cast(:values as text[])) v where {found})"
    return f"btrim({plain}) = any(:values)"


def _asked(sought: Sought) -> dict[str, Any]:
    return {"values": sought.comparable}


def replace_in_other_rows(session: Session, sought: Sought) -> dict[str, int]:
    """The same in rows that repeat what came: rejects, findings about files, events."""
    found = {}
    for place, table, keys, texts, values in OTHER_ROWS:
        found[place] = _replace_in_rows(session, table, keys, texts, values, sought)
    return found


def _replace_in_rows(
    session: Session,
    table: str,
    keys: Iterable[str],
    texts: Iterable[str],
    values: Iterable[str],
    sought: Sought,
) -> int:
    anywhere = Sought(sought.values, True, sought.secret)
    said = [*texts, *(f"{name}::text" for name in values)]
    where = " or ".join(f"({_says(one, anywhere)})" for one in said)
    names = [*keys, *texts, *values]
    rows = session.execute(
        text(f"select {', '.join(names)} from {table} where {where}"), _asked(sought)
    ).mappings()
    changed = []
    for row in rows.all():
        after: dict[str, Any] = {one: sought.of_text(row[one]) for one in texts if row[one]}
        after |= {one: sought.of_json(row[one]) for one in values if row[one] is not None}
        if any(after[one] != row[one] for one in after):
            changed.append({**row, **after})
    sets = [f"{one} = :{one}" for one in texts]
    sets += [f"{one} = cast(:{one} as jsonb)" for one in values]
    same = " and ".join(f"{one} = :{one}" for one in keys)
    statement = text(f"update {table} set {', '.join(sets)} where {same}")
    for told in changed:
        written = {one: None if told[one] is None else json.dumps(told[one]) for one in values}
        session.execute(statement, {**told, **written})
    return len(changed)


def forget_answers(session: Session, sought: Sought) -> int:
    """Drop kept answers of requests that say a value; a repeat of such a request is done anew."""
    return sum(
        _count(
            session.execute(
                text(
                    "delete from idempotency_key where position(cast(:said as bytea) in body) > 0"
                ),
                {"said": value.encode()},
            )
        )
        for value in sought.values
    )


def selecting_mappings(session: Session, sought: Sought) -> int:
    """Mappings that select lines by a value: versions that were approved never change."""
    anywhere = Sought(sought.values, True, sought.secret)
    where = _says("source::text", anywhere)
    query = text(f"select count(*) from mapping where {where}")
    return int(session.execute(query, _asked(sought)).scalar_one())


def _count(result: Any) -> int:
    return int(getattr(result, "rowcount", 0))
