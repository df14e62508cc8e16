"""Fetches the public keys of the OIDC provider and keeps them for a while.

Whoever asks while keys are being fetched anew goes on with those that are known: a provider that
is slow or down, or a flood of unknown key ids, holds up nobody.
"""

import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from shared.errors import Unavailable

KEEP_SECONDS = 60.0
ASK_AGAIN_SECONDS = 5.0
"""Unknown key ids make us ask at once, but never more often than this; so does a failure."""
TIMEOUT_SECONDS = 5.0
NEVER = float("-inf")


@dataclass(frozen=True)
class Known:
    """Keys, since when, and when they were asked for because a key id was unknown or in vain."""

    keys: KeySet | None = None
    fetched_at: float = NEVER
    pressed_at: float = NEVER

    def is_due(self, now: float, *, newer: bool) -> bool:
        """Whether to ask the provider now."""
        is_old = now - self.fetched_at >= KEEP_SECONDS
        return (newer or is_old) and now - self.pressed_at >= ASK_AGAIN_SECONDS


_known: dict[str, Known] = {}
_fetching = threading.Lock()


def fetch_keys(url: str, *, newer: bool = False) -> KeySet:
    """The keys at an address, from memory while they are fresh; Unavailable without any."""
    known = _known.get(url, Known())
    if known.is_due(time.monotonic(), newer=newer) and _fetching.acquire(blocking=not known.keys):
        try:
            known = _known.get(url, Known())
            if known.is_due(time.monotonic(), newer=newer):
                known = _known[url] = _ask(url, known, newer=newer)
        finally:
            _fetching.release()
    else:
        known = _known.get(url, known)
    if not known.keys:
        raise Unavailable("the identity provider does not answer", code="provider_unavailable")
    return known.keys


def _ask(url: str, known: Known, *, newer: bool) -> Known:
    """What is known after asking; keys that are known go on where the provider fails."""
    now = time.monotonic()
    try:
        response = httpx.get(url, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)
        response.raise_for_status()
        keys = _key_set(response.json())
    except (httpx.HTTPError, ValueError):
        return replace(known, pressed_at=now)
    return Known(keys, now, now if newer else known.pressed_at)


def _key_set(document: Any) -> KeySet:
    """The keys that can be read; one of a new kind does not spoil the others."""
    found = document.get("keys") if isinstance(document, dict) else None
    keys = []
    for one in found if isinstance(found, list) else ():
        try:
            keys.append(JWKRegistry.import_key(one))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise ValueError("no keys")
    return KeySet(keys)
