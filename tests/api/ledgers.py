"""Small ledgers, sent as files, and what became of their rows."""

from typing import Any

from sqlalchemy import text

from shared.database import in_transaction
from tests.running import ServiceUnderTest

HEADER = "Date,Amount,Currency,Supplier,Code"


def a_ledger(*rows: str, header: str = HEADER) -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


def upload(
    ingest: ServiceUnderTest, content: bytes, kind: str = "ledger", **form: str
) -> dict[str, Any]:
    """Upload a file, run its job, and answer the finished import."""
    files = {"file": ("ledger.csv", content, "text/csv")}
    response = ingest.post("/v1/imports", files=files, data={"kind": kind, **form})
    assert response.status_code in {200, 202}, response.text
    ingest.run_jobs()
    found: dict[str, Any] = ingest.get(f"/v1/imports/{response.json()['id']}").json()
    return found


def lines_of(ingest: ServiceUnderTest, **filters: str) -> list[dict[str, Any]]:
    answer = ingest.get("/v1/cost-lines", params={"limit": 1000, **filters})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def rejects_of(ingest: ServiceUnderTest, found: dict[str, Any]) -> list[tuple[Any, ...]]:
    items = ingest.get(f"/v1/imports/{found['id']}/rejects").json()["items"]
    return [(item["row"], item["column"], item["code"], item["raw"]) for item in items]


def close(period: str) -> None:
    """Close a period; whether it can be closed is not asked."""
    statement = (
        "insert into accounting_period (period, status) values (:period, 'closed')"
        " on conflict (period) do update set status = 'closed'"
    )
    with in_transaction() as session:
        session.execute(text(statement), {"period": period})
