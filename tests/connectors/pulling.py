"""Pulls a source through its connector alone, page by page, each time with a new connector."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any

from services.ingest.sources.connector import Checked, Connector, Page, SourceSettings, Window
from services.ingest.sources.kinds import CONNECTORS
from shared.clients.outside.auth import Secret
from shared.contracts.ingest.source_kinds import CONFIGS
from shared.errors import Unavailable

READER = Secret(parts={"user": "reader", "password": "secret"})


@dataclass
class Pulled:
    """All rows by their key, how many pages and rows came, what stopped it on the way."""

    rows: dict[tuple[Any, ...], Mapping[str, Any]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """One more page; a record that came before counts as it came last."""
        self.pages.append(page)
        for row in page.rows:
            self.rows[tuple(row[name] for name in page.key)] = row

    @property
    def watermark(self) -> str | None:
        """From where the next pull goes on."""
        return self.pages[-1].watermark

    @property
    def came(self) -> int:
        """The rows that came, those that came twice counted twice."""
        return sum(len(page.rows) for page in self.pages)


def settings_of(
    kind: str, maps_to: str, config: Mapping[str, Any], *, secret: Secret = READER
) -> SourceSettings:
    """The settings of a source, its config read as the API reads it."""
    return SourceSettings(
        code="source",
        kind=kind,
        maps_to=maps_to,
        config=CONFIGS[kind].model_validate(config),
        secret=secret,
    )


def first_look(settings: SourceSettings) -> Checked:
    """What a new connector finds."""
    with closing(CONNECTORS[settings.kind](settings)) as connector:
        return connector.check()


def pull_with_one(settings: SourceSettings, between: Callable[[], None]) -> Pulled:
    """Every page by one and the same connector; `between` is called after each."""
    pulled = Pulled()
    with closing(CONNECTORS[settings.kind](settings)) as connector:
        cursor: dict[str, Any] | None = connector.start(Window())
        while cursor is not None:
            page = connector.fetch(cursor)
            pulled.add(page)
            cursor = page.next
            between()
    return pulled


def pull(
    settings: SourceSettings,
    window: Window | None = None,
    between: Callable[[int], None] | None = None,
) -> Pulled:
    """Every page, each by a connector of its own, which knows nothing but the cursor.

    What stops a page for now is noted, and that page asked for again. `between` is called after
    each page with its number.
    """
    pulled = Pulled()
    cursor = _once(settings, methodcaller("start", window or Window()), pulled)
    while cursor is not None:
        kept = json.loads(json.dumps(cursor))  # a cursor outlives the process that made it
        page: Page = _once(settings, methodcaller("fetch", kept), pulled)
        pulled.add(page)
        cursor = page.next
        if between is not None:
            between(len(pulled.pages))
    return pulled


def _once(settings: SourceSettings, ask: Callable[[Connector], Any], pulled: Pulled) -> Any:
    for _ in range(5):
        try:
            with closing(CONNECTORS[settings.kind](settings)) as connector:
                return ask(connector)
        except Unavailable as stop:
            pulled.stops.append(stop.code)
    raise AssertionError(f"stopped again and again: {pulled.stops}")
