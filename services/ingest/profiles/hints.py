"""What a profile tells the reader of a file, with the names that headers often have.

By those names a header row is told from the titles above it.
"""

from functools import cache

from services.ingest.files.detected import ReadHints
from services.ingest.files.text.header import plain_name
from services.ingest.profiles.domain import FIELDS_OF_KIND, LEDGER_KINDS, Profile
from services.ingest.profiles.ledger_names import LEDGER_NAMES
from services.ingest.profiles.names import NAMES


def hints_of(profile: Profile) -> ReadHints:
    """How its files are to be read."""
    known = [*profile.columns.values(), *(profile.identity or ())]
    return ReadHints(
        encoding=profile.encoding,
        delimiter=profile.delimiter,
        header_row=profile.header_row,
        skip_rows=profile.skip_rows,
        sheet=profile.sheet,
        known_columns=frozenset(name.casefold() for name in known),
        vocabulary=vocabulary(profile.kind),
    )


@cache
def vocabulary(kind: str) -> frozenset[str]:
    """All names of the fields of a kind, as `plain_name` gives them."""
    more = LEDGER_NAMES if kind in LEDGER_KINDS else {}
    return frozenset(
        plain_name(name)
        for field in FIELDS_OF_KIND[kind]
        for name in (field, *NAMES.get(field, ()), *more.get(field, ()))
    )
