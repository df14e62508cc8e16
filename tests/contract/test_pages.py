"""The pages that show the documents need nothing from outside, and show nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from typer.testing import CliRunner

from tests.operation.gateway import a_gateway, port_of
from tests.running import SERVICES, LiveServices

NAMED = re.compile(r"""(?:src|href)=["']([^"']+)["']|url: ["']([^"']+)["']""")


def check_page(client: httpx2.Client, path: str) -> None:
    """Everything that a page names is at its own address and answers; nothing else may load."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    named = {"".join(found) for found in NAMED.findall(page.text)}
    named |= set(re.findall(r'spec-url="([^"]+)"', page.text))
    assert len(named) >= 3, page.text
    for address in named:
        assert not urlsplit(address).netloc, address
        answer = client.get(urljoin(path, address))
        assert answer.status_code == 200, address
        if address.endswith(".json"):
            assert answer.json()["openapi"] == "3.1.0"
        else:
            kind = answer.headers["content-type"].partition(";")[0]
            assert kind in {"text/javascript", "text/css", "image/png"}, (address, kind)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy


@pytest.fixture(scope="module")
def gateway(
    services: LiveServices, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx2.Client]:
    from cli.main import app

    folder = tmp_path_factory.mktemp("gateway")
    written = CliRunner().invoke(app, ["openapi", "--out", str(folder / "pages")])
    assert written.exit_code == 0, written.output
    ports = {service: [port_of(url)] for service, url in services.urls.items()}
    with a_gateway(folder, ports) as url, httpx2.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_shows_its_own_document(services: LiveServices, service: str, path: str) -> None:
    with httpx2.Client(base_url=services.urls[service], timeout=60) as client:
        check_page(client, path)
        assert client.get("/docs/assets/none.js").json()["code"] == "not_found"
        assert client.get("/docs/assets/..%2Fcore.py").status_code == 404


def test_the_gateway_shows_the_whole(gateway: httpx2.Client) -> None:
    check_page(gateway, "/docs")


def test_the_written_page_is_whole(tmp_path: Path) -> None:
    from cli.main import app

    assert CliRunner().invoke(app, ["openapi", "ingest", "--out", str(tmp_path)]).exit_code == 0
    assert json.loads((tmp_path / "openapi.json").read_text())["info"]["title"] == "BTIM ingest"
    assert "BTIM ingest" in (tmp_path / "docs.html").read_text()
    assert {path.name for path in (tmp_path / "assets").iterdir()} >= {"swagger-ui.css"}
