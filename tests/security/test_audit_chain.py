"""Whoever changes the audit trail, even as the superuser of the database, is found out."""

import os
import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from shared.access import signing_key
from shared.audit import heads, trail, verification
from shared.database import in_transaction, raw_connection
from shared.settings import get_settings
from shared.tables.platform import AuditEvent

EVENTS = 30
TEXTS = ("service", "subject", "action", "resource_type", "resource_id", "correlation_id")
Tampering = Callable[[psycopg.Connection[Any], random.Random], None]


@pytest.fixture(scope="module")
def sealed(database: str) -> None:
    """A sealed trail, and one event that waits to be sealed."""
    for number in range(EVENTS):
        with in_transaction() as session:
            details = {"amount": f"{number}.50", "reason": f"reason {number}"}
            trail.record(
                session, "somebody", "ingest", "create", "thing", str(number), details=details
            )
        if number % 7 == 0:
            seal_all()
    seal_all()


@pytest.fixture
def superuser(sealed: None) -> Iterator[Session]:
    """A superuser to whom no trigger and no reference applies; undone after the test."""
    url = make_url(os.environ["BTIM_TEST_SUPERUSER_URL"]).set(drivername="postgresql+psycopg")
    past_triggers = {"options": "-c session_replication_role=replica"}
    engine = create_engine(url, connect_args=past_triggers, poolclass=NullPool)
    with Session(engine) as session:
        yield session
        session.rollback()


def seal_all() -> None:
    with in_transaction() as session:
        trail.seal(session)


def breaks_seen_by(session: Session, folder: Path | None = None) -> list[str]:
    """What a verification finds that sees what this session has done."""
    found = list(verification.verify(session))
    return found if folder is None else found + list(heads.breaks(session, folder))


def a_position(chance: random.Random) -> int:
    return chance.randint(1, EVENTS)


def change_a_text(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    name, letter = chance.choice(TEXTS), chance.choice(string.ascii_letters)
    _of_event(connection, chance, f"{name} = overlay({name} placing '{letter}~' from 1 for 1)")


def change_the_details(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    amount = f'"{chance.randint(100, 999)}.5"'
    _of_event(connection, chance, f"details = jsonb_set(details, '{{amount}}', '{amount}')")


def change_the_time(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    _of_event(
        connection, chance, f"at = at + {chance.randint(1, 10**6)} * interval '1 microsecond'"
    )


def change_the_id(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    _of_event(connection, chance, "id = gen_random_uuid()")


def change_the_hash_of_the_content(
    connection: psycopg.Connection[Any], chance: random.Random
) -> None:
    _of_event(connection, chance, "content_hash = reverse(content_hash)")


def change_and_hash_anew(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    """What an insider would do who knows how a row is hashed."""
    position = a_position(chance)
    with in_transaction() as session:
        event = session.get_one(
            AuditEvent,
            connection.execute(
                "select event_id from audit_seal where position = %s", [position]
            ).fetchone()[0],  # type: ignore[index]
        )
    event.subject = "somebody else"
    connection.execute(
        "update audit_event set subject = %s, content_hash = %s where id = %s",
        [event.subject, trail.content_hash(event), event.id],
    )


def change_a_link(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    what = chance.choice(
        ["hash = reverse(hash)", "previous_hash = 'x' || previous_hash",
         "sealed_at = sealed_at - interval '1 day'", "event_id = gen_random_uuid()",
         "position = position + 1000000"]
    )  # fmt: skip
    connection.execute(f"update audit_seal set {what} where position = {a_position(chance)}")


def delete_an_event(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    connection.execute(
        "delete from audit_event where id ="
        f" (select event_id from audit_seal where position = {a_position(chance)})"
    )


def delete_a_link(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    connection.execute(f"delete from audit_seal where position = {a_position(chance)}")


def delete_both(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    connection.execute(
        "with gone as (delete from audit_seal where position ="
        f" {chance.randint(1, EVENTS - 1)} returning event_id)"
        " delete from audit_event where id in (select event_id from gone)"
    )


def add_an_event(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    connection.execute(
        "insert into audit_event select gen_random_uuid(), at, service, subject, action,"
        " resource_type, resource_id, correlation_id, details, content_hash from audit_event"
        f" offset {a_position(chance) - 1} limit 1"
    )


def swap(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    """Two events change places in the chain."""
    first, second = chance.sample(range(1, EVENTS + 1), 2)
    connection.execute("alter table audit_seal drop constraint uq_audit_seal_event_id")
    connection.execute(
        "update audit_seal s set event_id = o.event_id from audit_seal o"
        f" where (s.position, o.position) in (({first}, {second}), ({second}, {first}))"
    )


def _of_event(connection: psycopg.Connection[Any], chance: random.Random, what: str) -> None:
    connection.execute(
        f"update audit_event set {what} where id ="
        f" (select event_id from audit_seal where position = {a_position(chance)})"
    )


TAMPERINGS: list[Tampering] = [
    change_a_text, change_the_details, change_the_time, change_the_id,
    change_the_hash_of_the_content, change_and_hash_anew, change_a_link, delete_an_event,
    delete_a_link, delete_both, add_an_event, swap,
]  # fmt: skip


def found_of(session: Session, times: int) -> int:
    """How many of so many random tamperings, one at a time, a verification has found."""
    chance, found = random.Random(20261123), 0
    for number in range(times):
        TAMPERINGS[number % len(TAMPERINGS)](raw_connection(session), chance)
        found += bool(breaks_seen_by(session))
        session.rollback()
    return found


def test_each_of_a_hundred_tamperings_is_found(superuser: Session) -> None:
    assert breaks_seen_by(superuser) == []
    assert found_of(superuser, 100) == 100


@pytest.mark.slow
def test_each_of_a_thousand_tamperings_is_found(superuser: Session) -> None:
    assert found_of(superuser, 1_000) == 1_000


def a_head(folder: Path) -> None:
    with in_transaction() as session:
        heads.append(folder, heads.signed_head(session))


def rewrite_the_chain(connection: psycopg.Connection[Any]) -> None:
    """Change the first event, then compute every hash after it anew: whole in itself."""
    found = connection.execute("select event_id from audit_seal where position = 1").fetchone()
    assert found is not None
    connection.execute("update audit_event set subject = 'nobody' where id = %s", [found[0]])
    previous = trail.FIRST_HASH
    rows = connection.execute(
        "select s.position, s.sealed_at, e.id, e.at, e.service, e.subject, e.action,"
        " e.resource_type, e.resource_id, e.correlation_id, e.details"
        " from audit_seal s join audit_event e on e.id = s.event_id order by 1"
    ).fetchall()
    names = ("id", "at", "service", "subject", "action", "resource_type", "resource_id",
             "correlation_id", "details")  # fmt: skip
    for position, sealed_at, *values in rows:
        told = dict(zip(names, values, strict=True))
        content = trail.content_hash(AuditEvent(**told, content_hash=""))
        link = trail.link_hash(position, previous, told["id"], content, sealed_at)
        connection.execute(
            "update audit_event set content_hash = %s where id = %s", [content, told["id"]]
        )
        connection.execute(
            "update audit_seal set previous_hash = %s, hash = %s where position = %s",
            [previous, link, position],
        )
        previous = link


def test_a_chain_rewritten_whole_is_found_by_the_heads_kept_outside(
    superuser: Session, tmp_path: Path
) -> None:
    a_head(tmp_path)
    rewrite_the_chain(raw_connection(superuser))
    assert breaks_seen_by(superuser) == []
    (found,) = breaks_seen_by(superuser, tmp_path)
    assert "is not the one that was signed" in found


def test_the_newest_events_cannot_vanish_after_a_head(superuser: Session, tmp_path: Path) -> None:
    a_head(tmp_path)
    raw_connection(superuser).execute(
        f"with gone as (delete from audit_seal where position > {EVENTS - 3} returning event_id)"
        " delete from audit_event where id in (select event_id from gone)"
    )
    assert breaks_seen_by(superuser) == []
    (found,) = breaks_seen_by(superuser, tmp_path)
    assert "is missing" in found


def test_a_head_of_ones_own_is_not_believed(
    superuser: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_head(tmp_path)
    (file,) = tmp_path.glob("*.jws")
    told, rest = file.read_text()[:60], file.read_text()[60:]
    file.write_text(told + rest.swapcase())
    (found,) = breaks_seen_by(superuser, tmp_path)
    assert "signature" in found


def test_a_head_is_written_once_an_hour_whoever_works(
    sealed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "audit_heads_dir", tmp_path)
    assert heads.write_if_due()
    assert not heads.write_if_due()
    key = get_settings().secrets_dir / signing_key.KEY_FILE
    assert key.stat().st_mode & 0o077 == 0
    with in_transaction() as session:
        assert verification.verify_and_note(session, tmp_path) == []
    (line,) = next(tmp_path.glob("*.jws")).read_text().splitlines()
    assert line.count(".") == 2
