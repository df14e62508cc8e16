"""JSON that is nested deeper than any request needs is refused before anybody walks through it."""

import re
from itertools import accumulate

from shared.errors import Unreadable

DEEPEST = 100
_text = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_not_brackets = bytes(set(range(256)) - set(b"[]{}"))


def refuse_deep_json(body: bytes) -> None:
    """Raise Unreadable `too_deep` for more than DEEPEST levels; broken JSON is let through."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    brackets = _text.sub(b"", body).translate(None, delete=_not_brackets)
    deepest = max(accumulate(1 if one in b"[{" else -1 for one in brackets), default=0)
    if deepest > DEEPEST:
        raise Unreadable(f"JSON is read up to {DEEPEST} levels deep", code="too_deep")
