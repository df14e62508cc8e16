"""One SELECT over a database that is only read, page by page after its key."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.ingest.sources.connector import Checked, Cursor, Page, SourceSettings, Window
from services.ingest.sources.places import allowed_path
from services.ingest.sources.watermarks import latest, rewound
from shared.clients.outside.database import OutsideDatabase, Place
from shared.clients.outside.select import Select
from shared.clients.outside_one_select import check_select
from shared.clock import utc_now
from shared.contracts.ingest.source_kinds.sql import SqlConfig


class SqlConnector:
    """Asks for rows in the order of watermark and key, always for those after the last one seen.

    So rows that are added or changed while it goes on can neither be left out nor come twice. The
    cursor holds the values of that last row with their types.
    """

    def __init__(self, settings: SourceSettings) -> None:
        config = cast(SqlConfig, settings.config)
        check_select(config.query, config.driver)
        self._config = config
        path = str(allowed_path(config.database)) if config.driver == "sqlite" else None
        secret = settings.secret
        place = Place(
            driver=config.driver,
            host=config.host,
            port=config.port,
            database=path or config.database,
            user=secret.parts.get("user") or config.user,
            password=secret.parts.get("password") or secret.text or None,
            tls=config.tls,
        )
        self._database = OutsideDatabase(place, pause=settings.pause)
        columns = [config.watermark_column] if config.watermark_column else []
        self._order = [*columns, *(name for name in config.key if name not in columns)]

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def check(self) -> Checked:
        """The columns of the answer, and a few rows."""
        found = self._database.read(self._select({}, limit=5))
        absent = [name for name in self._order if name not in found.columns]
        notes = [f"the answer has no column {name}" for name in absent]
        return Checked(found.columns, len(found.rows), None, notes)

    def start(self, window: Window) -> Cursor:
        """From the watermark, less the margin, or all."""
        since = window.since
        if since is not None and not window.backfill:
            since = rewound(since, self._config.overlap_seconds)
        return {"since": since, "until": window.until, "after": None, "unmarked": False}

    def fetch(self, cursor: Cursor) -> Page:
        """The next rows after those of the cursor."""
        config = self._config
        found = self._database.read(self._select(cursor, limit=config.page_size))
        mark = config.watermark_column
        return Page(
            rows=found.rows,
            raw=_as_received(found.rows),
            next=self._next(cursor, len(found.rows), found.last),
            watermark=_last_mark(found.rows, mark) if mark else None,
            key=config.key,
        )

    def _next(self, cursor: Cursor, rows: int, last: Sequence[Any] | None) -> Cursor | None:
        """After a full page its last row; after the marked rows those without a mark.

        Rows without a mark belong to a fetch of everything: no later one could find them changed.
        """
        if last is not None and rows >= self._config.page_size:
            return {**cursor, "after": [list(tagged) for tagged in last]}
        unbounded = cursor.get("since") is None and cursor.get("until") is None
        if self._config.watermark_column and unbounded and not cursor["unmarked"]:
            return {**cursor, "after": None, "unmarked": True}
        return None

    def _select(self, cursor: Cursor, limit: int) -> Select:
        return Select(
            query=self._config.query,
            order=self._order,
            limit=limit,
            mark=self._config.watermark_column if cursor else None,
            since=cursor.get("since"),
            until=cursor.get("until"),
            after=cursor.get("after"),
            unmarked=bool(cursor.get("unmarked")),
        )


def _as_received(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as JSON; decimals as text, as a database sends none of its own."""
    return json.dumps(rows, ensure_ascii=False, default=str).encode("utf-8", "replace")


def _last_mark(rows: Sequence[Mapping[str, Any]], mark: str) -> str | None:
    """The largest mark that does not lie in the future: the rows come in its order."""
    now = utc_now()
    marks = (None if row[mark] is None else str(row[mark]) for row in reversed(rows))
    return next((found for found in marks if latest([found], now) is not None), None)
