"""Four eyes: who wrote something does not decide on it, when `BTIM_FOUR_EYES` asks for that.

People are told apart by their subject: a second key of the same subject is the same person.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from shared.auth import Caller
from shared.errors import Forbidden
from shared.settings import get_settings
from shared.tables.platform import AuditEvent

DECISIONS = ("approve", "reject", "return", "publish")
"""Steps that write nothing: who sent something back may approve it once others have mended it."""


def check_other_eyes(caller: Caller, authors: Iterable[str | None]) -> None:
    """Forbidden `four_eyes` for one of the authors, when four eyes are asked for."""
    if get_settings().four_eyes and caller.subject in set(authors):
        raise Forbidden("somebody else decides on what you wrote", code="four_eyes")


def authors_of(
    session: Session, resource_type: str, resource_id: str, parts: Iterable[str] = ()
) -> set[str]:
    """Everybody who ever wrote in a resource, by the audit trail: returning it forgets nobody.

    `parts` are the kinds of things that name the resource in their details, such as its findings.
    """
    own: ColumnElement[bool] = col(AuditEvent.resource_type) == resource_type
    written = [own & (col(AuditEvent.resource_id) == resource_id)]
    named = col(AuditEvent.details)[resource_type].astext == resource_id
    written += [(col(AuditEvent.resource_type) == part) & named for part in parts]
    query = (
        select(col(AuditEvent.subject))
        .where(or_(*written), col(AuditEvent.action).not_in(DECISIONS))
        .distinct()
    )
    return set(session.execute(query).scalars())
