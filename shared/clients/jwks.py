"""Fetches the public keys of the OIDC provider and keeps them for a while."""

import threading
import time
from typing import Any

import httpx

from shared.errors import Unavailable

KEEP_SECONDS = 300
ASK_AGAIN_SECONDS = 15
"""Unknown key ids make us ask again, but never more often than this."""

_lock = threading.Lock()
_known: dict[str, tuple[float, dict[str, Any]]] = {}


def fetch_keys(url: str, *, newer: bool = False) -> dict[str, Any]:
    """The JWKS at an address, from memory while it is fresh."""
    with _lock:
        fetched_at, keys = _known.get(url, (float("-inf"), {}))
        age = time.monotonic() - fetched_at
        if age < (ASK_AGAIN_SECONDS if newer else KEEP_SECONDS):
            return keys
        try:
            response = httpx.get(url, timeout=5.0, follow_redirects=False)
            response.raise_for_status()
            keys = response.json()
        except (httpx.HTTPError, ValueError) as error:
            if fetched_at > float("-inf"):
                return keys
            raise Unavailable("the identity provider does not answer") from error
        _known[url] = (time.monotonic(), keys)
        return dict(keys)
