"""Sources of the kind `servicenow`: the records of a table, by keyset over `sys_id`.

Paging by offset loses and doubles records while the table changes. Here each page asks for
`sys_id` larger than the last one seen, in the order of `sys_id`. The watermark is the newest
change at the time of the first request: what changes behind the reader's back is fetched by the
next sync, what changes before it is fetched now and is known again then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import BaseModel

from services.ingest.sources.auth import auth_of
from services.ingest.sources.connector import (
    Checked,
    Connector,
    Cursor,
    Page,
    SourceSettings,
    Window,
    whole_number_in,
)
from services.ingest.sources.kinds.servicenow_profiles import (
    built_in_columns,
    built_in_rules,
    needed_fields,
)
from services.ingest.sources.kinds.servicenow_query import (
    FORMAT,
    check_order,
    check_records,
    check_window,
    fields_of,
    flat,
    from_source,
    joined,
    to_source,
)
from shared.clients.outside.answer import OutsideAnswer
from shared.clients.outside.client import OutsideClient
from shared.clients.outside.problems import SourceAnsweredBadly
from shared.contracts.ingest.source_kinds.base import SourceAuth
from shared.contracts.ingest.source_kinds.servicenow import ServiceNowConfig

KEY = "sys_id"
CHECKED_ROWS = 5
MOST_EMPTY_PAGES = 1000


def servicenow(settings: SourceSettings) -> Connector:
    """The connector of a source."""
    return ServiceNow(settings, cast(ServiceNowConfig, settings.config))


def servicenow_rules(config: BaseModel, maps_to: str) -> Mapping[str, Any] | None:
    """The built-in profile of the table."""
    return built_in_rules(cast(ServiceNowConfig, config).table, maps_to)


class ServiceNow:
    """One table of one instance."""

    def __init__(self, settings: SourceSettings, config: ServiceNowConfig) -> None:
        self._config = config
        columns = None if settings.profile else built_in_columns(config.table, settings.maps_to)
        self._columns = list(columns.values()) if columns else []
        self._fields = config.fields or (needed_fields(columns) if columns else [])
        self._client = OutsideClient(
            config.url,
            auth_of(_own_tokens(config), settings.secret),
            timeout_seconds=config.timeout_seconds,
            pause=settings.pause,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check(self) -> Checked:
        """A few records, held against the query."""
        query = joined(self._config.query, [f"ORDERBY{KEY}"])
        answer, records = self._records(query, limit=CHECKED_ROWS)
        check_records(records, self._config.query)
        columns = list(dict.fromkeys(name for record in records for name in record))
        missing = [name for name in self._fields if records and name not in columns]
        notes = [f"{name} is no field of the table that can be read here" for name in missing]
        return Checked(columns, len(records), _total(answer), notes)

    def start(self, window: Window) -> Cursor:
        """Where pages begin: the bounds, and the newest change there is."""
        config = self._config
        field = (window.backfill and config.backfill_field) or config.watermark_field
        since = to_source(window.since) if window.since else None
        if since and not window.backfill:
            margin = timedelta(seconds=config.overlap_seconds)
            since = (datetime.strptime(since, FORMAT) - margin).strftime(FORMAT)
        return {
            "field": field,
            "since": since,
            "until": to_source(window.until) if window.until else None,
            "after": "",
            "watermark": self._newest(),
        }

    def fetch(self, cursor: Cursor) -> Page:
        """The records after the last one seen.

        A short page is not the last: records that we may not read are left out of it. The last
        one is empty and names no next; an empty one with a next is followed there.
        """
        query = self._query_of(cursor)

        def check(answer: OutsideAnswer) -> None:
            check_order(self._read(answer), cursor["after"])

        answer = self._get(query, self._config.page_size, link=cursor.get("link"), check=check)
        records = self._read(answer)
        check_records(records, self._config.query)
        check_window(records, cursor["field"], cursor["since"], cursor["until"])
        return Page(
            rows=[{**dict.fromkeys(self._columns), **record} for record in records],
            raw=answer.body,
            next=_following(cursor, records, answer),
            watermark=cursor["watermark"],
            total=_total(answer) if not cursor["after"] else None,
            key=(KEY,),
        )

    def _query_of(self, cursor: Cursor) -> str:
        field, since, until = cursor["field"], cursor["since"], cursor["until"]
        conditions = [
            f"{field}>={since}" if since else "",
            f"{field}<={until}" if until else "",
            f"{KEY}>{cursor['after']}" if cursor["after"] else "",
        ]
        return f"{joined(self._config.query, conditions)}^ORDERBY{KEY}".lstrip("^")

    def _newest(self) -> str | None:
        """The newest change in the table as RFC 3339; None for a table without any."""
        field = self._config.watermark_field
        query = f"{joined(self._config.query, [f'{field}ISNOTEMPTY'])}^ORDERBYDESC{field}"
        _, records = self._records(query, limit=1)
        check_records(records, self._config.query)
        return from_source(records[0].get(field, "")) if records else None

    def _records(self, query: str, limit: int) -> tuple[OutsideAnswer, list[dict[str, str]]]:
        answer = self._get(query, limit, check=self._read)
        return answer, self._read(answer)

    def _get(self, query: str, limit: int, *, link: str | None = None, check: Any) -> OutsideAnswer:
        if link:
            return self._client.get(link, check=check)
        params: dict[str, str | int] = {
            "sysparm_query": query,
            "sysparm_limit": limit,
            "sysparm_display_value": "all" if self._config.display_values else "false",
            "sysparm_exclude_reference_link": "true",
        }
        if self._fields:
            params["sysparm_fields"] = ",".join(self._wanted_fields())
        return self._client.get(f"/api/now/table/{self._config.table}", params, check=check)

    def _wanted_fields(self) -> Sequence[str]:
        config = self._config
        more = [KEY, config.watermark_field, config.backfill_field or config.watermark_field]
        return list(dict.fromkeys([*self._fields, *more, *fields_of(config.query)]))

    def _read(self, answer: OutsideAnswer) -> list[dict[str, str]]:
        document = answer.json()
        found = document.get("result") if isinstance(document, dict) else None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise SourceAnsweredBadly("the answer has no list of records in `result`")
        return [flat(one, display_values=self._config.display_values) for one in found]


def _own_tokens(config: ServiceNowConfig) -> SourceAuth:
    """An instance gives out its tokens itself, and wants the client in the form."""
    auth = config.auth
    if auth.type != "oauth2" or auth.token_url is not None:
        return auth
    tokens = f"{config.url.rstrip('/')}/oauth_token.do"
    return auth.model_copy(update={"token_url": tokens, "client_in_body": True})


def _total(answer: OutsideAnswer) -> int | None:
    return whole_number_in(answer.headers.get("x-total-count"))


def _following(
    cursor: Cursor, records: Sequence[Mapping[str, str]], answer: OutsideAnswer
) -> Cursor | None:
    if records:
        kept = {name: value for name, value in cursor.items() if name not in {"link", "empty"}}
        return {**kept, "after": records[-1][KEY]}
    link = answer.link()
    if link is None:
        return None
    empty = int(cursor.get("empty", 0)) + 1
    if empty > MOST_EMPTY_PAGES:
        raise SourceAnsweredBadly("one empty page follows the other")
    return {**cursor, "link": link, "empty": empty}
