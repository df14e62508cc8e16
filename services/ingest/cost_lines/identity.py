"""By what a cost line is known again: its external id, or the content of its row."""

from hashlib import blake2b

_BYTES = 16


def identity_of_external_id(external_id: str) -> str:
    """The identity of a line with an id of its own, as 32 hexadecimal digits."""
    return blake2b(external_id.encode(), digest_size=_BYTES, key=b"external_id").hexdigest()


def identity_of_content(content: str, period: str | None) -> str:
    """The identity of a line by its content, and by the period where the caller gave it."""
    key = (period or "").encode()
    return blake2b(content.encode(), digest_size=_BYTES, key=key).hexdigest()
