"""By what a cost line is known again: its external id, or the content of its row."""

from collections.abc import Sequence
from hashlib import blake2b

_BYTES = 16


def identity_of_external_id(external_id: str) -> str:
    """The identity of a line with an id of its own, as 32 hexadecimal digits."""
    return blake2b(external_id.encode(), digest_size=_BYTES, key=b"external_id").hexdigest()


def identities_of_contents(contents: Sequence[str], period: str | None) -> list[str]:
    """The identities of lines by their content, and by the period where the caller gave it."""
    key = (period or "").encode()
    return [
        blake2b(content.encode(), digest_size=_BYTES, key=key).hexdigest() for content in contents
    ]
