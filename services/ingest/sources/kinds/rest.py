"""Pages of JSON from one address: by Link header, next address, cursor, offset or page number."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import urljoin

from services.ingest.sources.auth import auth_of
from services.ingest.sources.connector import (
    Checked,
    Cursor,
    Page,
    SourceSettings,
    Window,
    whole_number_in,
)
from services.ingest.sources.watermarks import latest, rewound
from shared.clients.outside.answer import OutsideAnswer
from shared.clients.outside.client import OutsideClient
from shared.clients.outside.problems import SourceAnsweredBadly
from shared.clients.outside.request import with_params
from shared.clock import utc_now
from shared.contracts.ingest.source_kinds.rest import RestConfig

MOST_RESTARTS = 5


class RestConnector:
    """Walks over the pages; the cursor is the address of the next one, or a count."""

    def __init__(self, settings: SourceSettings) -> None:
        self._config = cast(RestConfig, settings.config)
        self._client = OutsideClient(
            self._config.url,
            auth_of(self._config.auth, settings.secret),
            headers=self._config.headers,
            timeout_seconds=self._config.timeout_seconds,
            pause=settings.pause,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check(self) -> Checked:
        """The columns of the first page."""
        page = self.fetch(self.start(Window()))
        columns = list(dict.fromkeys(name for row in page.rows for name in row))
        absent = [
            name
            for name in (*self._config.key, self._config.watermark_field)
            if name is not None and page.rows and value_at(page.rows[0], name) is None
        ]
        notes = [f"the first row has no {name}" for name in absent]
        return Checked(columns, len(page.rows), page.total, notes)

    def start(self, window: Window) -> Cursor:
        """The address of the first page, with the ends of the window as its parameters."""
        config = self._config
        params: dict[str, str] = dict(config.params)
        if config.since_parameter and window.since is not None:
            margin = 0 if window.backfill else config.overlap_seconds
            params[config.since_parameter] = rewound(window.since, margin)
        if config.until_parameter and window.until is not None:
            params[config.until_parameter] = window.until
        pagination = config.pagination
        if pagination.size_parameter:
            params[pagination.size_parameter] = str(config.page_size)
        position = pagination.first if pagination.type == "page" else 0
        return {"url": with_params(config.url, params), "position": position}

    def fetch(self, cursor: Cursor) -> Page:
        """One page, and where the next one is."""
        pagination = self._config.pagination
        params: dict[str, str | int] = {}
        if pagination.type in {"offset", "page"}:
            params[str(pagination.parameter)] = cursor["position"] - _seam_of(cursor)
        if pagination.type == "cursor" and cursor.get("token") is not None:
            params[str(pagination.parameter)] = cursor["token"]
        found: list[Any] = []

        def read(answer: OutsideAnswer) -> None:
            body = answer.json()
            found[:] = [body, self._rows(body)]

        answer = self._client.get(cursor["url"], params, check=read)
        body, rows = found
        if _seam_of(cursor):
            if not rows or self._name_of(rows[0]) != cursor["last"]:
                return self._from_the_start(cursor, answer.body)
            rows = rows[1:]
        following = self._next(cursor, answer, body, rows)
        told = self._config.total
        return Page(
            rows=rows,
            raw=answer.body,
            next=following,
            watermark=self._watermark(rows, utc_now()),
            total=whole_number_in(value_at(body, told)) if told else None,
            key=self._config.key,
        )

    def _rows(self, body: Any) -> list[Mapping[str, Any]]:
        items = value_at(body, self._config.items)
        if items is None and self._config.items and isinstance(body, Mapping):
            raise SourceAnsweredBadly(f"the answer holds nothing at {self._config.items}")
        if not isinstance(items, list) or not all(isinstance(row, Mapping) for row in items):
            place = self._config.items or "the top"
            raise SourceAnsweredBadly(f"the answer holds no list of objects at {place}")
        return items

    def _next(
        self, cursor: Cursor, answer: OutsideAnswer, body: Any, rows: list[Mapping[str, Any]]
    ) -> Cursor | None:
        pagination = self._config.pagination
        if pagination.type in {"offset", "page"}:
            return self._next_count(cursor, rows)
        if pagination.type == "cursor":
            token = value_at(body, pagination.path)
            stays = not rows and str(token) == cursor.get("token")
            ended = token in (None, "", False) or stays
            return None if ended else {**cursor, "token": str(token)}
        target = None
        if pagination.type == "link":
            target = answer.link("next")
        elif pagination.type == "next_url":
            target = value_at(body, pagination.path)
        return {"url": urljoin(answer.url, str(target)), "position": 0} if target else None

    def _next_count(self, cursor: Cursor, rows: list[Mapping[str, Any]]) -> Cursor | None:
        """Only an empty page is the last one: many sources give fewer rows than they are asked."""
        if not rows:
            return None
        position = int(cursor["position"])
        if self._config.pagination.type == "page":
            return {**cursor, "position": position + 1, "short_lived": True}
        return {
            **cursor,
            "position": position + len(rows),
            "last": self._name_of(rows[-1]),
        }

    def _from_the_start(self, cursor: Cursor, raw: bytes) -> Page:
        """Rows were added or removed before the place where we are: counting has lost its way."""
        again = int(cursor.get("again", 0)) + 1
        if again > MOST_RESTARTS or not self._config.key:
            raise SourceAnsweredBadly(
                "rows moved while they were read by offset; name their key, or read by cursor",
                code="source_rows_move",
            )
        following = {**cursor, "position": 0, "again": again}
        following.pop("last")
        return Page(rows=[], raw=raw, next=following, key=self._config.key)

    def _name_of(self, row: Mapping[str, Any]) -> str:
        """What tells a row from others: its key, else all of it."""
        key = self._config.key
        return str([value_at(row, name) for name in key] if key else sorted(row.items()))

    def _watermark(self, rows: list[Mapping[str, Any]], now: datetime) -> str | None:
        field = self._config.watermark_field
        if field is None:
            return None
        values = (value_at(row, field) for row in rows)
        return latest((None if value is None else str(value) for value in values), now)


def _seam_of(cursor: Cursor) -> int:
    """1 where the page is asked for from its last known row on, to see that nothing has moved."""
    return 1 if cursor.get("last") is not None else 0


def value_at(body: Any, path: str | None) -> Any:
    """What stands at keys with points between them; a key that holds points itself goes first."""
    if not path:
        return body
    if not isinstance(body, Mapping):
        return None
    if path in body:
        return body[path]
    name, point, rest = path.partition(".")
    return value_at(body.get(name), rest) if point and name in body else None
