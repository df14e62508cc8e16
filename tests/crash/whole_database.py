"""Everything that lies in a database as one hash for each table, but for ids, times and secrets."""

from typing import Any

import psycopg
from psycopg import sql

LEFT_OUT = {
    "alembic_version": "no content",
    "deployment": "a secret of chance",
    "idempotency_key": "answers with ids",
    "job": "counts its attempts",
    "audit_seal": "hashes over ids",
    "rate_window": "counts repeats",
}
MASKS = [
    ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "id"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.0-9]*(Z|[+]\d\d(:\d\d)?)?", "instant"),
    (r"\\x[0-9a-f]+", "bytes"),
    ("[0-9a-f]{64}", "hash"),
]
PASSING = [
    "timings_ms",
    "content_hash",
    "live_from",
    "live_to",
    "last_change",
    "inputs_as_of",
    "sequence",
]
"""Columns that tell how long something took, or a number that no other thing had before."""
PASSING_HERE = {"correction": ["number"]}
"""Numbers that PostgreSQL counts on over what was rolled back."""


def content_of(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """`table: rows hash` for each table of the application, and how many jobs succeeded."""
    tables = connection.execute(
        "select tablename from pg_tables where schemaname = 'public'"
        " and tablename not like 'procrastinate%' order by 1"
    ).fetchall()
    found = {name: _hash_of(connection, name) for (name,) in tables if name not in LEFT_OUT}
    jobs = connection.execute("select kind, status, count(*) from job group by 1, 2 order by 1, 2")
    return found | {"job": str(jobs.fetchall())}


def _hash_of(connection: psycopg.Connection[Any], table: str) -> str:
    masked = sql.SQL("(to_jsonb(t) - {left_out}::text[])::text").format(
        left_out=sql.Literal(PASSING + PASSING_HERE.get(table, []))
    )
    for pattern, word in MASKS:
        masked = sql.SQL("regexp_replace({masked}, {pattern}, {word}, 'g')").format(
            masked=masked, pattern=sql.Literal(pattern), word=sql.Literal(word)
        )
    query = sql.SQL(
        "select count(*) || ' ' || coalesce(md5(string_agg(line, e'\\n' order by line)), '')"
        " from (select {masked} as line from {table} t) lines"
    ).format(masked=masked, table=sql.Identifier(table))
    [answer] = connection.execute(query).fetchone() or [""]
    return str(answer)
