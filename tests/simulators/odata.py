"""A journal behind OData version 2 or 4, paging by itself or not, as SAP systems serve it."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import quoteattr

from tests.simulators.faults import FaultName
from tests.simulators.odata_filter import read_filter
from tests.simulators.server import Answer, Request, SimulatedServer, as_json

ROOT = "/sap/opu/odata/sap/ZJOURNAL_SRV"


@dataclass
class EntitySet:
    """Rows of one type. `types` maps property to EDM type; `key` names the key properties."""

    name: str
    types: dict[str, str]
    key: tuple[str, ...]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        """What tells a row apart."""
        return tuple(row[name] for name in self.key)


class ODataSimulator(SimulatedServer):
    """One entity set. `page_rows` is the server's own page, None when it never pages."""

    def __init__(
        self,
        entities: EntitySet,
        version: int,
        *,
        page_rows: int | None = None,
        user: tuple[str, str] = ("reader", "secret"),
        relative_links: bool = False,
    ) -> None:
        super().__init__()
        self.entities = entities
        self.version = version
        self.page_rows = page_rows
        self.root = f"{self.url}{ROOT}"
        self._user = user
        self._relative_links = relative_links
        self._last: Answer | None = None

    def is_data(self, request: Request) -> bool:
        """Reads of the entity set."""
        return request.method == "GET" and request.path == f"{ROOT}/{self.entities.name}"

    def answer(self, request: Request, fault: FaultName | None) -> Answer:
        """Metadata, the service document and pages."""
        said = base64.b64encode(":".join(self._user).encode()).decode()
        if fault == "expired" or request.headers.get("authorization") != f"Basic {said}":
            return self._failure(401, "Logon failed")
        if request.path == f"{ROOT}/$metadata":
            return Answer(200, self._metadata(), {"Content-Type": "application/xml"})
        if not self.is_data(request):
            return self._failure(404, "Resource not found")
        if fault == "duplicate_page" and self._last is not None:
            return self._last
        try:
            self._last = self._page(request, fault)
        except (ValueError, KeyError, IndexError) as error:
            return self._failure(400, f"Invalid query: {error}")
        return self._last

    def _page(self, request: Request, fault: FaultName | None) -> Answer:
        query = request.query
        found = self._asked(query)
        total = len(found)
        start = int(query.get("$skip") or 0)
        if "$skiptoken" in query:
            start = int(base64.urlsafe_b64decode(query["$skiptoken"]))
        end = min(total, int(query.get("$skip") or 0) + int(query.get("$top") or total))
        most = self.page_rows if self.page_rows is not None else total
        if fault == "smaller_pages":
            most = max(1, min(most, end - start) // 3)
        if fault == "empty_page":
            most = 0
        page, following = found[start : min(end, start + most)], min(end, start + most)
        names = query["$select"].split(",") if query.get("$select") else list(self.entities.types)
        shown = [self._shown(row, names) for row in page]
        link = self._link(query, following) if following < end else None
        return self._document(shown, link, 7 if fault == "wrong_total" else total, query)

    def _asked(self, query: Any) -> list[dict[str, Any]]:
        found = list(self.entities.rows)
        if query.get("$filter"):
            test = read_filter(query["$filter"], self.entities.types, self.version)
            found = [row for row in found if test(row)]
        for part in reversed([part for part in query.get("$orderby", "").split(",") if part]):
            name, _, direction = part.strip().partition(" ")
            found.sort(key=lambda row: row[name], reverse=direction == "desc")
        return found

    def _link(self, query: Any, following: int) -> str:
        token = base64.urlsafe_b64encode(str(following).encode()).decode()
        kept = {name: value for name, value in query.items() if name != "$skiptoken"}
        target = f"{self.entities.name}?{urlencode({**kept, '$skiptoken': token})}"
        return target if self._relative_links else f"{self.root}/{target}"

    def _document(
        self, shown: Sequence[dict[str, Any]], link: str | None, total: int, query: Any
    ) -> Answer:
        if self.version == 4:
            document: dict[str, Any] = {"@odata.context": "$metadata", "value": list(shown)}
            if query.get("$count") == "true":
                document["@odata.count"] = total
            if link:
                document["@odata.nextLink"] = link
            return _exact_json(document, {"OData-Version": "4.0"})
        inner: dict[str, Any] = {"results": list(shown)}
        if query.get("$inlinecount") == "allpages":
            inner["__count"] = str(total)
        if link:
            inner["__next"] = link
        return _exact_json({"d": inner}, {"DataServiceVersion": "2.0"})

    def _shown(self, row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
        values = {name: self._value(row[name]) for name in names}
        if self.version == 4:
            return {"@odata.etag": 'W/"1"', **values}
        key = ",".join(f"{name}='{row[name]}'" for name in self.entities.key)
        uri = f"{self.root}/{self.entities.name}({key})"
        return {"__metadata": {"uri": uri}, **values, "to_Header": {"__deferred": {"uri": uri}}}

    def _value(self, value: Any) -> Any:
        if self.version == 4:
            if isinstance(value, datetime):
                return value.strftime("%Y-%m-%dT%H:%M:%SZ")
            return value.isoformat() if isinstance(value, date) else value
        if isinstance(value, date):
            instant = value if isinstance(value, datetime) else datetime(*value.timetuple()[:3])
            stamp = int(instant.replace(tzinfo=UTC).timestamp() * 1000)
            return f"/Date({stamp}+0000)/" if isinstance(value, datetime) else f"/Date({stamp})/"
        return format(value, "f") if isinstance(value, Decimal) else value

    def _failure(self, status: int, message: str) -> Answer:
        said: Any = message if self.version == 4 else {"lang": "en", "value": message}
        return as_json(status, {"error": {"code": "SY/530", "message": said}})

    def _metadata(self) -> bytes:
        refs = "".join(f"<PropertyRef Name={quoteattr(name)}/>" for name in self.entities.key)
        properties = "".join(
            f"<Property Name={quoteattr(name)} Type={quoteattr(self._edm(kind))}/>"
            for name, kind in self.entities.types.items()
        )
        name = quoteattr(self.entities.name)
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<edmx:Edmx Version="{"4.0" if self.version == 4 else "1.0"}"'
            ' xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices>'
            '<Schema Namespace="ZJOURNAL" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
            f'<EntityType Name="ItemType"><Key>{refs}</Key>{properties}</EntityType>'
            f'<EntityContainer Name="C"><EntitySet Name={name} EntityType="ZJOURNAL.ItemType"/>'
            "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
        ).encode()

    def _edm(self, kind: str) -> str:
        return "Edm.DateTime" if self.version == 2 and kind == "Edm.Date" else kind


_NUMBER = re.compile(r'"number:(-?[0-9.]+)"')


def _exact_json(document: Any, headers: dict[str, str]) -> Answer:
    """JSON whose decimals are numbers with all their digits, as SAP's version 4 writes them."""
    text = json.dumps(document, default=lambda value: f"number:{value:f}")
    body = _NUMBER.sub(r"\1", text).encode()
    return Answer(200, body, {"Content-Type": "application/json", **headers})
