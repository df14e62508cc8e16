"""One address for three services: nothing gets lost, doubled or hidden on the way through it."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.merged_openapi import METHODS, merge
from cli.system.free_ports import free_port
from shared.settings import get_settings
from tests.operation.gateway import a_gateway, port_of
from tests.running import SERVICES, LiveServices

ID = "01890000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def merged(services: LiveServices) -> dict[str, Any]:
    """The three documents as one."""
    return merge({name: getattr(services, name).get("/openapi.json").json() for name in SERVICES})


@pytest.fixture(scope="module")
def gateway(
    services: LiveServices, merged: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx2.Client]:
    """A client of the one address; it sends no key by itself."""
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "pages").mkdir()
    (folder / "pages" / "openapi.json").write_text(json.dumps(merged))
    ports = {service: [port_of(url)] for service, url in services.urls.items()}
    with a_gateway(folder, ports) as url, httpx2.Client(base_url=url, timeout=60) as client:
        yield client


def test_every_operation_of_the_merged_document_answers_through_the_gateway(
    gateway: httpx2.Client,
) -> None:
    document = gateway.get("/openapi.json").json()
    wrong, asked = [], 0
    for path, operations in document["paths"].items():
        for method in operations.keys() & METHODS:
            where = re.sub(r"\{[^}]*\}", ID, path)
            answer = gateway.request(method.upper(), where, headers={"If-Match": "*"})
            asked += 1
            open_to_all = where.endswith(("/healthz", "/readyz"))
            if answer.status_code != (200 if open_to_all else 401):
                wrong.append((method, where, answer.status_code))
    assert wrong == []
    assert asked > 300


def test_the_merged_document_names_everything_once(merged: dict[str, Any]) -> None:
    ids = [
        operation["operationId"]
        for item in merged["paths"].values()
        for key, operation in item.items()
        if key in METHODS
    ]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(merged)))
    assert len(ids) == len(set(ids))
    assert named == merged["components"]["schemas"].keys()
    assert list(merged["components"]["securitySchemes"]) == ["bearer"]
    assert not any(path.endswith("/metrics") for path in merged["paths"])


def test_a_schema_that_means_two_things_is_kept_apart_with_all_that_is_made_of_it() -> None:
    def document(kind: str) -> dict[str, Any]:
        whole = {"properties": {"part": {"$ref": "#/components/schemas/Part"}}}
        schemas = {"Part": {"type": kind}, "Whole": whole, "Same": {"type": "boolean"}}
        return {
            "openapi": "3.1.0",
            "info": {"title": kind, "description": kind},
            "servers": [{"url": "/"}],
            "paths": {},
            "components": {"schemas": schemas},
        }

    schemas = merge({"one": document("string"), "two": document("integer")})["components"]
    assert schemas["schemas"] == {
        "OnePart": {"type": "string"},
        "OneWhole": {"properties": {"part": {"$ref": "#/components/schemas/OnePart"}}},
        "Same": {"type": "boolean"},
        "TwoPart": {"type": "integer"},
        "TwoWhole": {"properties": {"part": {"$ref": "#/components/schemas/TwoPart"}}},
    }


@pytest.mark.parametrize(
    "path",
    ["/ingest/metrics", "/allocation/metrics", "/valuation//metrics", "/x", "/v1/runs", "/ingest"],
)
def test_what_is_not_published_answers_404_as_a_problem(gateway: httpx2.Client, path: str) -> None:
    answer = gateway.get(path, headers={"X-Correlation-ID": "a-robot:7"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"] == "a-robot:7"


def test_odd_characters_in_path_and_query_arrive_as_they_were_sent(
    gateway: httpx2.Client, services: LiveServices
) -> None:
    sent = {"Authorization": f"Bearer {services.key}"}
    name = "a/b?c=d&e %2F 服务"
    made = gateway.post(
        "/allocation/v1/consumers", headers=sent, json={"code": name, "names": {"en": "Odd"}}
    )
    assert made.status_code == 201, made.text
    found = gateway.get("/allocation/v1/consumers", headers=sent, params={"code": name})
    assert [each["code"] for each in found.json()["items"]] == [name]
    for path in ("/v1/periods/a%2Fb", "/v1/periods/a%3Fb", "/v1/periods/%E6%9C%8D%20x%0a"):
        through, direct = gateway.get(f"/allocation{path}", headers=sent), services.allocation
        assert through.status_code == direct.get(path).status_code


def test_etags_stay_strong_so_that_if_match_works_through_the_gateway(
    gateway: httpx2.Client, services: LiveServices
) -> None:
    sent = {"Authorization": f"Bearer {services.key}", "Accept-Encoding": "gzip"}
    body = {"code": "etag", "names": {"en": "Etag"}}
    made = gateway.post("/allocation/v1/consumers", headers=sent, json=body)
    path, etag = f"/allocation/v1/consumers/{made.json()['id']}", made.headers["etag"]
    assert not etag.startswith("W/")
    stale = gateway.delete(path, headers={**sent, "If-Match": '"stale"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_etag")
    assert gateway.delete(path, headers={**sent, "If-Match": etag}).status_code == 204


def test_an_upload_larger_than_a_document_may_be_goes_through(
    gateway: httpx2.Client, services: LiveServices
) -> None:
    sent = {"Authorization": f"Bearer {services.key}"}
    rows = b"Date,Amount,Account\n" + b"2026-01-05,1.00,4711\n" * 1_700_000
    assert len(rows) > get_settings().max_body_bytes
    answer = gateway.post(
        "/ingest/v1/imports",
        headers=sent,
        data={"kind": "ledger", "currency": "GBP"},
        files={"file": ("large.csv", rows)},
    )
    assert answer.status_code == 202
    job = answer.json()["job"]["id"]
    gateway.post(f"/ingest/v1/jobs/{job}/cancel", headers=sent)


def test_a_document_that_is_too_large_is_refused_before_it_is_sent(gateway: httpx2.Client) -> None:
    port = port_of(str(gateway.base_url).rstrip("/"))
    head = (
        f"POST /allocation/v1/consumers/bulk HTTP/1.1\r\nHost: x\r\n"
        f"Content-Length: {get_settings().max_body_bytes + 1}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert '"code":"too_large"' in answer


def test_three_hundred_clients_that_never_finish_a_request_hold_nobody_up(
    gateway: httpx2.Client,
) -> None:
    address = ("127.0.0.1", port_of(str(gateway.base_url).rstrip("/")))
    head = b"POST /allocation/v1/consumers/bulk HTTP/1.1\r\nHost: x\r\n"
    slow = [socket.create_connection(address, timeout=30) for _ in range(300)]
    try:
        for place, connection in enumerate(slow):
            connection.sendall(head if place % 2 else head + b"Content-Length: 100\r\n\r\n{")
        answers = [gateway.get("/allocation/readyz").status_code for _ in range(10)]
    finally:
        for connection in slow:
            connection.close()
    assert answers == [200] * 10


def test_one_replica_that_is_gone_is_not_noticed_and_none_left_is_a_502(
    services: LiveServices, tmp_path: Path
) -> None:
    alive = {service: [port_of(url)] for service, url in services.urls.items()}
    ports = {
        **alive,
        "ingest": [free_port(), *alive["ingest"]],
        "valuation": [free_port(), free_port()],
    }
    sent = {"Authorization": f"Bearer {services.key}"}
    with a_gateway(tmp_path, ports) as url, httpx2.Client(base_url=url, timeout=30) as client:
        body: dict[str, list[str]] = {"items": []}
        answers = [client.get("/ingest/v1/me", headers=sent).status_code for _ in range(8)]
        answers += [
            client.post("/ingest/v1/cost-lines/bulk", headers=sent, json=body).status_code
            for _ in range(8)
        ]
        assert set(answers) <= {200, 422}
        gone = client.get("/valuation/v1/me", headers=sent)
    assert (gone.status_code, gone.json()["code"]) == (502, "unavailable")
    assert gone.headers["retry-after"] == "2"


class DyingService(threading.Thread):
    """Reads a request and hangs up without an answer, as a killed service does."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.seen: list[str] = []

    def run(self) -> None:
        """Until the socket is closed."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.seen.append(connection.recv(65536).decode().split(" ")[0])

    def close(self) -> None:
        """Accept nothing more."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.mark.parametrize(
    ("method", "times"), [("GET", 2), ("POST", 1), ("PATCH", 1), ("PUT", 1), ("DELETE", 1)]
)
def test_only_readings_are_asked_again_when_a_service_dies_in_the_middle(
    tmp_path: Path, method: str, times: int
) -> None:
    dying = [DyingService(), DyingService()]
    for service in dying:
        service.start()
    ports = {name: [service.port for service in dying] for name in SERVICES}
    with a_gateway(tmp_path, ports) as url:
        answer = httpx2.request(method, f"{url}/allocation/v1/consumers/{ID}", timeout=30)
    for service in dying:
        service.close()
    assert answer.status_code == 502
    assert [seen for service in dying for seen in service.seen] == [method] * times
