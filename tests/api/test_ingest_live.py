"""The live ingest service with its worker: uploads at once, waiting, consumers over HTTP."""

import threading
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text

from shared.clients.ingest import IngestClient
from shared.contracts.ingest.facts import QuantityItem, QuantityReplaceRequest
from shared.database import new_session

HEADER = "Date,Amount,Currency,Supplier,Code"


def a_ledger(*rows: str) -> bytes:
    return ("\n".join([HEADER, *rows]) + "\n").encode()


def test_concurrent_uploads_of_one_file_are_one_import(services: Any) -> None:
    content = a_ledger(*(f"2026-01-05,{n}.00,GBP,Acme,{n}" for n in range(50)))
    answers: list[Any] = []

    def send() -> None:
        files = {"file": ("a.csv", content, "text/csv")}
        data = {"kind": "ledger", "source": "race"}
        answers.append(services.ingest.post("/v1/imports?wait=30", files=files, data=data))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    (identifier,) = {answer.json()["id"] for answer in answers}
    job = services.ingest.get("/v1/jobs?kind=import").json()["items"][0]
    services.ingest.get(f"/v1/jobs/{job['id']}?wait=30")
    found = services.ingest.get(f"/v1/imports/{identifier}").json()
    assert found["rows"]["accepted"] == 50
    lines = services.ingest.get("/v1/cost-lines?source=race&limit=1000").json()["items"]
    assert len(lines) == 50


def test_consumers_of_a_file_become_consumers_of_allocation(services: Any) -> None:
    content = (
        "code,parent,names.en,names.zh-CN,tags.kind\n"
        "Sales,Company,Sales,\u9500\u552e,unit\n"
        "Company,,Company,\u516c\u53f8,company\n"
        "Lost,Nowhere,Lost,,unit\n"
    ).encode()
    files = {"file": ("org.csv", content, "text/csv")}
    found = services.ingest.post("/v1/imports?wait=30", files=files, data={"kind": "consumers"})
    assert found.status_code == 200
    body = found.json()
    assert body["status"] == "succeeded", body["problem"]
    assert (body["rows"]["accepted"], body["rows"]["rejected"]) == (2, 1)
    consumers = services.allocation.get("/v1/consumers").json()["items"]
    assert {item["code"]: item["parent"] for item in consumers} == {
        "Company": None,
        "Sales": "Company",
    }
    (reject,) = services.ingest.get(f"/v1/imports/{body['id']}/rejects").json()["items"]
    assert (reject["row"], reject["column"], reject["code"]) == (4, "parent", "unknown_code")
    refused = services.ingest.post(f"/v1/imports/{body['id']}/revert", json={"reason": "no"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_revertible")


def test_the_typed_client_brings_facts_in_and_reads_them_back(
    services: Any, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_bytes(a_ledger("2026-01-05,0.10,GBP,Acme,1", "2026-01-05,x,GBP,Acme,2"))
    with IngestClient(services.urls["ingest"], services.key) as client:
        identifier = client.start_import(ledger, "ledger", source="typed")
        for job in client.walk("/v1/jobs", kind="import"):
            client.wait_for_job(job["id"])
        found = client.get_import(identifier)
        assert found.amounts[0].accepted == Decimal("0.10")
        assert [reject.code for reject in client.rejects(identifier)] == ["not_a_decimal"]
        (line,) = client.cost_lines(source="typed")
        assert client.get_cost_line(line.id).raw == {
            "Date": "2026-01-05", "Amount": "0.10", "Currency": "GBP", "Supplier": "Acme",
            "Code": "1",
        }  # fmt: skip
        rate = {"period": "2026-01", "from": "USD", "to": "GBP", "rate": "0.79"}
        assert client.push_rates([rate]).results[0].status == "created"
        assert [one.rate for one in client.rates(period="2026-01")] == [Decimal("0.79")]
        client.push_drivers([{"code": "typed", "names": {"en": "Typed"}}])
        feed = QuantityReplaceRequest(
            driver="typed", period="2026-01",
            items=[QuantityItem(target="ERP", quantity=Decimal("1.5"))],
        )  # fmt: skip
        assert client.replace_quantities(feed).created == 1
        assert client.ticket_statistics("2026-01", "service").total.opened == 0
        assert client.revert_import(identifier, "a test").status == "reverted"


def test_an_idempotency_key_and_a_wait_go_together(services: Any) -> None:
    files = {"file": ("key.csv", a_ledger("2026-01-05,7.00,GBP,Acme,key"), "text/csv")}
    data = {"kind": "ledger", "source": "key"}
    answers = [
        services.ingest.post(
            f"/v1/imports?wait={wait}", files=files, data=data, headers={"Idempotency-Key": "held"}
        )
        for wait in (30, 20)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true"]


PUSHES = 8


def test_pushes_from_eight_clients_lose_nothing_and_double_nothing(services: Any) -> None:
    """Pushes overlap; one line, -37, is in all of them with an amount of the client's own."""
    outcomes: Counter[str] = Counter()
    sent: set[str] = set()

    def push(client: int) -> None:
        for number in range(PUSHES):
            first = (client * PUSHES + number) * 4  # the next push begins four lines further on
            items = [_pushed(line, client) for line in range(first, first + 8)]
            answer = services.ingest.post(
                "/v1/cost-lines/bulk", json={"items": [*items, _pushed(-37, client)]}
            )
            assert answer.status_code == 200, answer.text
            sent.update(item["external_id"] for item in items)
            outcomes.update(result["status"] for result in answer.json()["results"])

    threads = [threading.Thread(target=push, args=(client,)) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statement = text(
        "select external_id, count(*) filter (where live_to is null), count(*), sum(amount)"
        " from cost_line where source = 'eight' group by 1"
    )
    with new_session() as session:
        found = {name: tuple(counts) for name, *counts in session.execute(statement)}
    contested = found.pop("-37")
    assert found == dict.fromkeys(sent, (1, 1, Decimal("0.10")))
    assert contested[0] == 1
    assert outcomes["created"] == len(sent) + 1
    assert outcomes["updated"] == contested[1] - 1
    assert sum(outcomes.values()) == 8 * PUSHES * 9


def _pushed(line: int, client: int) -> dict[str, Any]:
    amount = "0.10" if line >= 0 else f"0.{client + 1}"
    return {
        "external_id": str(line), "source": "eight", "period": "2026-01",
        "amount": amount, "currency": "EUR",
    }  # fmt: skip
