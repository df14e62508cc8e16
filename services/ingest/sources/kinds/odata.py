"""Sources of the kind `odata`: the entities of one set, in the order of their key.

Only a lower bound is asked for, and the watermark is the newest change at the time of the first
request. So no entity leaves the pages while they are read: what changes meanwhile is fetched
again by the next sync, and known again then.
"""

from collections.abc import Mapping
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
)
from services.ingest.sources.kinds.odata_metadata import EntityType, entity_type_of
from services.ingest.sources.kinds.odata_paging import (
    Found,
    first_row,
    following,
    key_of,
    new_entities,
    read_answer,
    refuse_repeated,
)
from services.ingest.sources.kinds.odata_profile import (
    KEY_COLUMN,
    built_in_columns,
    built_in_rules,
    refuse_aggregates,
    refuse_unsigned,
)
from services.ingest.sources.kinds.odata_values import instant_of, literal, plain_row
from shared.clients.outside.answer import OutsideAnswer
from shared.clients.outside.client import OutsideClient
from shared.contracts.ingest.source_kinds.odata import ODataConfig
from shared.errors import RuleBroken

CHECKED_ROWS = 5
Params = dict[str, str | int]


def odata(settings: SourceSettings) -> Connector:
    """The connector of a source."""
    return OData(settings, cast(ODataConfig, settings.config))


def odata_rules(config: BaseModel, maps_to: str) -> Mapping[str, Any] | None:
    """The built-in profile of line items."""
    return built_in_rules(cast(ODataConfig, config), maps_to)


class OData:
    """One entity set of one service."""

    def __init__(self, settings: SourceSettings, config: ODataConfig) -> None:
        self._config = config
        self._maps_to = settings.maps_to
        columns = None if settings.profile else built_in_columns(config, settings.maps_to)
        self._columns = list((columns or {}).values())
        self._client = OutsideClient(
            config.url,
            auth_of(config.auth, settings.secret),
            timeout_seconds=config.timeout_seconds,
            pause=settings.pause,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check(self) -> Checked:
        """The metadata and a few entities."""
        kind = self._entity_type()
        counted = {"$count": "true"} if kind.version == 4 else {"$inlinecount": "allpages"}
        params = {**self._params(kind.version, self._config.filter), **counted}
        found = read_answer(self._get(None, {**params, "$top": CHECKED_ROWS}))
        rows = [plain_row(entity) for entity in found.entities]
        self._refuse_unsigned(rows)
        columns = list(dict.fromkeys(name for row in rows for name in row)) or list(kind.types)
        missing = [name for name in self._columns if name not in (*columns, KEY_COLUMN)]
        notes = [f"{name} is no property of {self._config.entity_set}" for name in missing]
        return Checked(columns, len(rows), found.total, notes)

    def start(self, window: Window) -> Cursor:
        """Where pages begin: the filter with its bounds, the key, the newest change there is."""
        kind = self._entity_type()
        watermark, _ = self._newest(kind, self._config.watermark_field)
        return {
            "version": kind.version,
            "key": list(kind.key),
            "filter": self._filter(kind, window),
            "watermark": watermark,
            "mode": self._config.paging,
            "url": None,
            "skip": 0,
            "last": None,
            "page": None,
            "idle": 0,
        }

    def fetch(self, cursor: Cursor) -> Page:
        """One page, whoever cuts it."""
        answer, found, cursor = self._fetch(cursor)
        entities = new_entities(found, cursor)
        rows = [
            {
                **dict.fromkeys(self._columns),
                **plain_row(entity),
                KEY_COLUMN: key_of(entity, cursor["key"]),
            }
            for entity in entities
        ]
        self._refuse_unsigned(rows)
        return Page(
            rows=rows,
            raw=answer.body,
            next=following(cursor, found, self._config.page_size),
            watermark=cursor["watermark"],
            total=found.total,
            key=(KEY_COLUMN,),
        )

    def _fetch(self, cursor: Cursor) -> tuple[OutsideAnswer, Found, Cursor]:
        params = self._params(cursor["version"], cursor["filter"])
        if cursor["key"]:
            params["$orderby"] = ",".join(cursor["key"])
        if cursor["mode"] != "server":
            asked = {"$skip": first_row(cursor), "$top": self._most(cursor)}
            answer, found = self._page(cursor, {**params, **asked})
            if cursor["mode"] == "client" or not found.link:
                return answer, found, {**cursor, "mode": "client"}
        answer, found = self._page(cursor, params)
        return answer, found, {**cursor, "mode": "server"}

    def _most(self, cursor: Cursor) -> int:
        known = 0 if cursor["last"] is None else 1
        return self._config.page_size + known

    def _page(self, cursor: Cursor, params: Params) -> tuple[OutsideAnswer, Found]:
        found: list[Found] = []

        def check(answer: OutsideAnswer) -> None:
            found[:] = [read_answer(answer)]
            refuse_repeated(found[0], cursor)

        answer = self._get(cursor["url"], params, check)
        return answer, found[0]

    def _get(self, url: str | None, params: Params, check: Any = read_answer) -> OutsideAnswer:
        if url is not None:
            # The link is the service's own; only the client of SAP is missing from some.
            more: Params = {"sap-client": self._config.sap_client or ""}
            return self._client.get(
                self._absolute(url), more if self._config.sap_client else None, check=check
            )
        headers = {"Prefer": f"odata.maxpagesize={self._config.page_size}"}
        return self._client.get(self._config.entity_set, params, headers, check=check)

    def _absolute(self, link: str) -> str:
        """Links may be relative to the service, as version 4 has them."""
        return link if "://" in link else self._client.absolute(link)

    def _params(self, version: int, filtered: str) -> Params:
        config = self._config
        said = {
            "$filter": filtered,
            "$select": ",".join(config.select),
            "$expand": ",".join(config.expand),
            "$format": "json" if version == 2 else "",
            "sap-client": config.sap_client or "",
        }
        return {name: text for name, text in said.items() if text}

    def _entity_type(self) -> EntityType:
        refuse_aggregates(self._config, self._maps_to)
        params = {"sap-client": self._config.sap_client} if self._config.sap_client else None
        answer = self._client.get("$metadata", params, {"Accept": "application/xml"})
        return entity_type_of(answer.body, self._config.entity_set)

    def _filter(self, kind: EntityType, window: Window) -> str:
        config = self._config
        field = (window.backfill and config.backfill_field) or config.watermark_field
        bounds = [("ge", window.since), ("le", window.until)]
        if not any(text for _, text in bounds):
            return config.filter
        if field is None:
            if window.backfill:
                raise RuleBroken("name a backfill_field or watermark_field", code="no_range_field")
            return config.filter
        _, example = self._newest(kind, field)
        parts = [f"({config.filter})"] if config.filter else []
        for operator, text in bounds:
            if text:
                at = self._bound(text, margin=operator == "ge" and not window.backfill)
                written = literal(at, kind.types[field], kind.version, example)
                parts.append(f"{field} {operator} {written}")
        return " and ".join(parts)

    def _bound(self, text: str, *, margin: bool) -> datetime:
        at = instant_of(text, "Edm.DateTimeOffset")
        if at is None:
            raise RuleBroken(f"{text} is no instant", code="not_an_instant")
        return at - timedelta(seconds=self._config.overlap_seconds) if margin else at

    def _newest(self, kind: EntityType, field: str | None) -> tuple[str | None, Any]:
        """The largest value of a property, as RFC 3339 and as it came."""
        if field is None:
            return None, None
        if field not in kind.types:
            raise RuleBroken(
                f"{self._config.entity_set} has no property {field}", code="unknown_property"
            )
        params = self._params(kind.version, self._config.filter) | {"$select": field}
        params.pop("$expand", None)
        ordered: Params = {**params, "$orderby": f"{field} desc", "$top": 1}
        found = read_answer(self._get(None, ordered))
        value = found.entities[0].get(field) if found.entities else None
        at = instant_of(value, kind.types[field])
        return (None if at is None else at.isoformat().replace("+00:00", "Z")), value

    def _refuse_unsigned(self, rows: list[dict[str, Any]]) -> None:
        if self._columns:
            refuse_unsigned(cast(list[Mapping[str, Any]], rows), self._config)
