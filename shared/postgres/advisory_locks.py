"""Locks by name that hold over all processes of a deployment until the transaction ends."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlmodel import Session


def hold(session: Session, *names: str) -> None:
    """Wait until nobody else holds these names, then keep everybody out; always in one order."""
    _take(session, "pg_advisory_xact_lock", names)


def share(session: Session, *names: str) -> None:
    """Wait until nobody holds these names alone; others may share them."""
    _take(session, "pg_advisory_xact_lock_shared", names)


def try_hold(session: Session, name: str) -> bool:
    """Keep everybody else out if nobody holds the name now; answers whether that was so."""
    statement = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    return bool(session.execute(statement, {"name": name}).scalar_one())


def _take(session: Session, function: str, names: Iterable[str]) -> None:
    session.execute(
        text(
            f"select {function}(hashtextextended(name, 0)) from unnest(cast(:names as text[])) name"
        ),
        {"names": sorted(set(names))},
    )
