"""Which of the fetched rows are sent on: of a record its last state, and nothing known already."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.ingest.sources.rows import HASH_BYTES

Hashes = NDArray[np.bytes_]


def hashes_of(pieces: Sequence[bytes]) -> Hashes:
    """The 16-byte hashes of all pages in their order."""
    return np.frombuffer(b"".join(pieces), dtype=f"S{HASH_BYTES}")


def last_of_each(keys: Hashes) -> NDArray[np.bool_]:
    """True for the last row of each key: a record that was fetched twice counts as seen last."""
    wanted = np.zeros(len(keys), dtype=bool)
    _, places = np.unique(keys[::-1], return_index=True)
    wanted[len(keys) - 1 - places] = True
    return wanted


def not_known(hashes: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """True for rows that were not among the known ones."""
    return np.isin(hashes, known, invert=True)


def packed(hashes: Hashes) -> bytes:
    """The distinct hashes, sorted, as kept until the next sync."""
    return np.unique(hashes).tobytes()
