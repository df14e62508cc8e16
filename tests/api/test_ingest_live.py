"""The live ingest service with its worker: uploads at once, waiting, consumers over HTTP."""

import threading
from typing import Any

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
