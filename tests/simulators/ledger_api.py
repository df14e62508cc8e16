"""A ledger behind a plain JSON API that pages in every way that a `rest` source knows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from tests.simulators.faults import FaultName
from tests.simulators.server import Answer, Request, SimulatedServer, as_json

BEGIN = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)
TRAP = "12345678901234567.89"
TOKEN = "open sesame"
Paging = Literal["link", "next_url", "cursor", "offset", "page"]


def posting(number: int, *, changed_at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """One posting; the seventh has an amount that a binary float would not keep."""
    moment = changed_at or BEGIN + timedelta(minutes=number)
    amount = TRAP if number == 7 else str(Decimal(number) + Decimal("0.10"))
    return {
        "id": f"P{number:05d}",
        "posted_on": (BEGIN + timedelta(days=number % 20)).date().isoformat(),
        "amount": {"value": amount, "currency": "EUR"},
        "account": f"65{number % 7:04d}",
        "text": f"Licence № {number}",
        "changed_at": moment.isoformat().replace("+00:00", "Z"),
        **more,
    }


def config_of(simulator: "LedgerApi", paging: Paging, **more: Any) -> dict[str, Any]:
    """The config of a rest source over this API."""
    pagination: dict[str, Any] = {"type": paging, "size_parameter": "limit"}
    if paging == "next_url":
        pagination["path"] = "meta.next"
    if paging == "cursor":
        pagination |= {"path": "meta.cursor", "parameter": "cursor"}
    if paging in {"offset", "page"}:
        pagination["parameter"] = paging
    return {
        "url": f"{simulator.url}/v1/postings",
        "items": "data",
        "total": "meta.total",
        "params": {"paging": paging},
        "auth": {"type": "bearer"},
        "pagination": pagination,
        "page_size": 25,
        "key": ["id"],
        "watermark_field": "changed_at",
        "since_parameter": "changed_since",
        "until_parameter": "changed_until",
        **more,
    }


class LedgerApi(SimulatedServer):
    """Postings in the order of their change; `GET /v1/postings` wants the token as a bearer."""

    def __init__(self, count: int, *, token: str = TOKEN) -> None:
        super().__init__()
        self.rows = {f"P{number:05d}": posting(number) for number in range(1, count + 1)}
        self.token = token
        self.in_order_of = "changed_at"

    def put(self, row: dict[str, Any]) -> None:
        """Add a posting or change it."""
        self.rows[row["id"]] = row

    def is_data(self, request: Request) -> bool:
        """Requests for postings."""
        return request.path == "/v1/postings"

    def answer(self, request: Request, fault: FaultName | None) -> Answer:
        """One page of the postings that are asked for."""
        if request.headers.get("authorization") != f"Bearer {self.token}" or fault == "expired":
            return as_json(401, {"error": "unauthorised"})
        query = dict(request.query)
        since, until = query.get("changed_since", ""), query.get("changed_until", "9")
        rows = sorted(
            (row for row in self.rows.values() if since <= row["changed_at"] <= until),
            key=lambda row: (row[self.in_order_of], row["id"]),
        )
        limit = int(query.get("limit", 25))
        if fault == "smaller_pages":
            limit = max(1, limit // 3)
        return self._page(query, rows, limit, fault)

    def _page(
        self, query: dict[str, str], rows: Sequence[dict[str, Any]], limit: int, fault: Any
    ) -> Answer:
        paging = query["paging"]
        begin = self._begin(query, paging, rows, limit)
        if fault == "duplicate_page" and begin >= limit:
            begin -= limit
        shown = (
            [] if fault == "empty_page" and paging in self.MARKED else rows[begin : begin + limit]
        )
        end = begin + len(shown)
        total = len(rows) + (13 if fault == "wrong_total" else 0)
        meta: dict[str, Any] = {"total": total}
        headers = {}
        if end < len(rows) and paging in self.MARKED:
            at = f"{rows[end - 1]['changed_at']}~{rows[end - 1]['id']}" if end else "start"
            pairs = {**query, "cursor": at}
            url = f"/v1/postings?{'&'.join(f'{name}={value}' for name, value in pairs.items())}"
            meta |= {"next": url, "cursor": at}
            headers["Link"] = f'<{self.url}{url}>; rel="next", <{self.url}/first>; rel="first"'
        return as_json(200, {"data": shown, "meta": meta}, headers)

    MARKED = ("link", "next_url", "cursor")

    def _begin(
        self, query: dict[str, str], paging: str, rows: Sequence[dict[str, Any]], limit: int
    ) -> int:
        if paging == "offset":
            return int(query.get("offset", 0))
        if paging == "page":
            return (int(query.get("page", 1)) - 1) * limit
        if query.get("cursor", "start") == "start":
            return 0
        changed_at, _, name = query["cursor"].partition("~")
        return sum(1 for row in rows if (row["changed_at"], row["id"]) <= (changed_at, name))
