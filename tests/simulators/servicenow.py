"""A ServiceNow instance as its readers see it: the Table API over rows in memory."""

import base64
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.simulators.faults import FaultName
from tests.simulators.server import Answer, Request, SimulatedServer, as_json
from tests.simulators.servicenow_query import Row, read_query

DEFAULT_LIMIT = 10_000
FORMAT = "%Y-%m-%d %H:%M:%S"
USERS_ZONE = timezone(timedelta(hours=-8))
_PREFIX = "/api/now/table/"


@dataclass
class SimulatedTable:
    """The rows of one table. Fields that are in `displays` are shown by another text."""

    fields: tuple[str, ...]
    rows: dict[str, Row] = field(default_factory=dict)
    displays: dict[str, dict[str, str]] = field(default_factory=dict)
    instants: frozenset[str] = frozenset()
    references: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, row: Row) -> None:
        """Insert or change a row; what it does not say stays."""
        with self.lock:
            blank = dict.fromkeys(self.fields, "")
            self.rows[row["sys_id"]] = {**blank, **self.rows.get(row["sys_id"], {}), **row}

    def put_all(self, rows: Iterable[Row]) -> None:
        """Insert or change rows."""
        for row in rows:
            self.put(row)

    def find(self, query: str) -> list[Row]:
        """Copies of the rows that a query asks for, in its order."""
        with self.lock:
            found = read_query(query, self.fields).ordered(self.rows.values())
            return [dict(row) for row in found]

    def display_of(self, name: str, value: str) -> str:
        """What a user reads: times in the user's zone, names for references and choices."""
        if name in self.instants and value:
            instant = datetime.strptime(value, FORMAT).replace(tzinfo=UTC)
            return instant.astimezone(USERS_ZONE).strftime(FORMAT)
        return self.displays.get(name, {}).get(value, value)


class ServiceNowSimulator(SimulatedServer):
    """Tables behind `/api/now/table/{table}`; user and password, or client and secret."""

    def __init__(
        self,
        tables: dict[str, SimulatedTable],
        *,
        user: tuple[str, str] = ("reader", "secret"),
        client: tuple[str, str] = ("client", "client-secret"),
    ) -> None:
        super().__init__()
        self.tables = tables
        self.requests_left: int | None = None
        self.most_rows = DEFAULT_LIMIT
        self._user = user
        self._client = client
        self._tokens: set[str] = set()
        self._last: Answer | None = None

    def is_data(self, request: Request) -> bool:
        """All reads of tables."""
        return request.method == "GET" and request.path.startswith(_PREFIX)

    def answer(self, request: Request, fault: FaultName | None) -> Answer:
        """Tokens, lists and single records."""
        if request.path == "/oauth_token.do" and request.method == "POST":
            return self._token(request)
        return self._refusal(request, fault) or self._data(request, fault)

    def _refusal(self, request: Request, fault: FaultName | None) -> Answer | None:
        if fault == "expired":
            self._tokens.clear()
        if fault == "expired" or not self._knows(request.headers.get("authorization", "")):
            return _failure(401, "User Not Authenticated", "Required to provide Auth information")
        if self.requests_left is None:
            return None
        if self.requests_left == 0:
            return self._limited()
        self.requests_left -= 1
        return None

    def _data(self, request: Request, fault: FaultName | None) -> Answer:
        if not request.path.startswith(_PREFIX):
            return _failure(400, "Requested URI does not represent any resource", None)
        name, _, sys_id = request.path.removeprefix(_PREFIX).partition("/")
        table = self.tables.get(name)
        if table is None:
            return _failure(400, f"Invalid table {name}", None)
        if table.fields == ():
            return _failure(403, "User Not Authorized", "Failed API level ACL Validation")
        return self._record(table, sys_id, request) if sys_id else self._list(table, request, fault)

    def _token(self, request: Request) -> Answer:
        said = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (said.get("client_id"), said.get("client_secret")) != self._client:
            document = {"error_description": "access_denied", "error": "server_error"}
            return as_json(401, document)
        token = f"token-{len(self.requests)}"
        self._tokens.add(token)
        return as_json(
            200,
            {
                "access_token": token,
                "scope": "useraccount",
                "token_type": "Bearer",
                "expires_in": 1799,
            },
        )

    def _knows(self, authorization: str) -> bool:
        kind, _, said = authorization.partition(" ")
        if kind == "Bearer":
            return said in self._tokens
        return said == base64.b64encode(":".join(self._user).encode()).decode()

    def _limited(self) -> Answer:
        self.requests_left = None
        headers = {"Retry-After": "1", "X-RateLimit-Limit": "5", "X-RateLimit-Rule": "readers"}
        return as_json(429, {"error": {"message": "Rate limit exceeded", "detail": None}}, headers)

    def _record(self, table: SimulatedTable, sys_id: str, request: Request) -> Answer:
        row = table.rows.get(sys_id)
        if row is None or sys_id in table.hidden:
            said = "Record doesn't exist or ACL restricts the record retrieval"
            return _failure(404, "No Record found", said)
        return as_json(200, {"result": self._shown(table, row, request)})

    def _list(self, table: SimulatedTable, request: Request, fault: FaultName | None) -> Answer:
        if fault == "duplicate_page" and self._last is not None:
            return self._last
        found = table.find(request.query.get("sysparm_query", ""))
        offset = int(request.query.get("sysparm_offset") or 0)
        limit = min(int(request.query.get("sysparm_limit") or DEFAULT_LIMIT), self.most_rows)
        if fault == "smaller_pages":
            limit = max(1, limit // 3)
        page = [] if fault == "empty_page" else found[offset : offset + limit]
        following = offset if fault == "empty_page" else offset + limit
        # Rows that the caller may not see are left out of the page, but not out of the count.
        shown = [
            self._shown(table, row, request) for row in page if row["sys_id"] not in table.hidden
        ]
        headers = {}
        if request.query.get("sysparm_no_count") != "true":
            headers["X-Total-Count"] = str(7 if fault == "wrong_total" else len(found))
        hushed = request.query.get("sysparm_suppress_pagination_header") == "true"
        if not hushed and following < len(found):
            headers["Link"] = self._links(request, following, len(found), limit)
        self._last = as_json(200, {"result": shown}, headers)
        return self._last

    def _links(self, request: Request, following: int, total: int, limit: int) -> str:
        def link(offset: int, relation: str) -> str:
            query = urlencode({**request.query, "sysparm_offset": str(offset)})
            return f'<{self.url}{request.path}?{query}>;rel="{relation}"'

        last = (total - 1) // limit * limit
        return ",".join((link(0, "first"), link(following, "next"), link(last, "last")))

    def _shown(self, table: SimulatedTable, row: Row, request: Request) -> dict[str, Any]:
        wanted = request.query.get("sysparm_fields")
        names = [name for name in wanted.split(",") if name in row] if wanted else list(row)
        style = request.query.get("sysparm_display_value", "false")
        bare = request.query.get("sysparm_exclude_reference_link") == "true"
        return {name: self._cell(table, name, row[name], style, bare) for name in names}

    def _cell(self, table: SimulatedTable, name: str, value: str, style: str, bare: bool) -> Any:
        display = table.display_of(name, value)
        target = table.references.get(name)
        link = f"{self.url}{_PREFIX}{target}/{value}" if target and value and not bare else None
        if style == "all":
            both = {"display_value": display, "value": value}
            return both if link is None else {**both, "link": link}
        if link is not None:
            shown = "display_value" if style == "true" else "value"
            return {"link": link, shown: display if style == "true" else value}
        return display if style == "true" else value


def _failure(status: int, message: str, detail: str | None) -> Answer:
    document = {"error": {"message": message, "detail": detail}, "status": "failure"}
    headers = {"WWW-Authenticate": 'BASIC realm="Service-now"'} if status == 401 else {}
    return as_json(status, document, headers)
