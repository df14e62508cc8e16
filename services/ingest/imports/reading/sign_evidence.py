"""Finds out whether the amounts of a file carry their own signs, so that no flag may turn them."""

import dataclasses
from pathlib import Path

from services.ingest.files.reader import open_table
from services.ingest.profiles.domain import FlagSign, Profile, folded
from services.ingest.profiles.hints import hints_of

# A minus or a bracket before the first digit, or a minus behind the last one.
_BELOW_ZERO = r"^[^0-9]*[-(\u2212\u2013][^0-9]*[0-9]|[0-9][^0-9]*[-\u2212]\s*$"


def with_proven_sign(path: Path, profile: Profile) -> Profile:
    """The profile, without a flag that was only recognised when any amount is below zero.

    Banks and some SAP tables flag amounts that are signed already; then the flag says nothing.
    """
    if not isinstance(profile.sign, FlagSign):
        return profile
    wanted = folded(profile.columns["amount"])
    with open_table(path, hints_of(profile)) as table:
        for batch in table.batches:
            for name in batch.cells.columns:
                if folded(name) == wanted and batch.cells[name].str.contains(_BELOW_ZERO).any():
                    return dataclasses.replace(profile, sign="as_is")
    return profile
