"""The names that headers often have, by which a header row is told from the titles above it."""

from functools import cache

from services.ingest.files.text.header import plain_name
from services.ingest.profiles.domain import FIELDS_OF_KIND, LEDGER_KINDS
from services.ingest.profiles.ledger_names import LEDGER_NAMES
from services.ingest.profiles.names import NAMES


@cache
def vocabulary(kind: str) -> frozenset[str]:
    """All names of the fields of a kind, as `plain_name` gives them."""
    more = LEDGER_NAMES if kind in LEDGER_KINDS else {}
    return frozenset(
        plain_name(name)
        for field in FIELDS_OF_KIND[kind]
        for name in (field, *NAMES.get(field, ()), *more.get(field, ()))
    )
