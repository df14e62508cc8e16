"""What the audit trail, which never changes, says instead of personal data."""

from typing import Any

from sqlmodel import Session

from services.ingest.personal_data import repository
from services.ingest.personal_data.domain import pseudonym


def masked(session: Session, collection: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row with pseudonyms in the fields that hold personal data: changes still show."""
    secret, told = repository.secret_of(session), dict(row)
    for field in repository.fields_of(session, collection):
        column, _, inner = field.partition(".")
        value = told.get(column)
        if not inner and isinstance(value, str):
            told[column] = pseudonym(secret, value)
        elif inner and isinstance(value, dict) and inner in value:
            told[column] = {**value, inner: pseudonym(secret, str(value[inner]))}
    return told
