"""What every kind of source offers: a first request, and one page after the other."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from shared.clients.outside.auth import Secret

Cursor = dict[str, Any]
"""Where to go on: JSON, whole enough that another process can fetch the next page with it.

One with `short_lived` is good for the sync that it belongs to, but not for a later one.
"""

_whole_number = re.compile("[0-9]{1,18}")


def whole_number_in(said: object) -> int | None:
    """The count that a source tells, as a number or its digits; None for anything else."""
    return int(str(said)) if _whole_number.fullmatch(str(said)) else None


@dataclass(frozen=True)
class Window:
    """From where to where rows are wanted: both ends may be open.

    A plain sync has the last watermark in `since` and nothing in `until`; a backfill has the
    caller's bounds. RFC 3339 text, or the watermark text that the kind itself has given.
    """

    since: str | None = None
    until: str | None = None
    backfill: bool = False


@dataclass(frozen=True)
class Page:
    """One answer of the source.

    `rows` are JSON objects whose numbers are Decimal, int or text, never float. `raw` is the
    payload as received. `next` is None on the last page. `watermark` is the largest that is seen
    in this page (watermarks.py says how they order), None when it has none. `key` names the
    columns that tell records apart, where that is known: a record that is fetched twice in one
    sync then counts once, as it was last seen.
    """

    rows: Sequence[Mapping[str, Any]]
    raw: bytes
    next: Cursor | None
    watermark: str | None = None
    total: int | None = None
    key: Sequence[str] = ()


@dataclass(frozen=True)
class Checked:
    """What a first look at the source has found; a problem is raised where it finds none."""

    columns: Sequence[str] = ()
    rows: int = 0
    total: int | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class SourceSettings:
    """What a connector is made of. `config` is the validated model of its kind, `profile` the code
    of the source's own profile; without one the built-in rules of the kind are used.

    `pause` waits for some seconds. It answers False, at once, when there is no time to wait (a
    test of a source that somebody watches), and raises when the sync was cancelled.
    """

    code: str
    kind: str
    maps_to: str
    config: BaseModel
    profile: str | None = None
    secret: Secret = field(default_factory=Secret, repr=False)
    pause: Callable[[float], object] = time.sleep


class Connector(Protocol):
    """A kind of source at work, made anew for each sync and each test."""

    def check(self) -> Checked:
        """Look whether the source can be reached and read; fetches a few rows at most."""

    def start(self, window: Window) -> Cursor:
        """The cursor of the first page. It holds the window, so that pages go on by themselves."""

    def fetch(self, cursor: Cursor) -> Page:
        """The page at a cursor. Asking twice for the same cursor does no harm."""

    def close(self) -> None:
        """Give back connections."""
