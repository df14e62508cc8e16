"""Calls over TLS: the connection goes to the checked address, the certificate is for the name."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.clients.outside import hosts as outside_hosts
from shared.clients.outside.client import OutsideClient
from shared.clients.outside.problems import SourceUnreachable
from shared.settings import get_settings
from tests.simulators.faults import FaultName
from tests.simulators.server import Answer, Request, SimulatedServer, as_json

NAME = "erp.example.com"


def certificate(folder: Path) -> Path:
    """A key and a self-signed certificate for the name, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TlsServer(SimulatedServer):
    """Says under which name it was called."""

    def __init__(self, pem: Path) -> None:
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    def answer(self, request: Request, fault: FaultName | None) -> Answer:
        return as_json(200, {"host": request.headers["host"]})


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsServer]:
    """A server on loopback to which both names lead; its certificate is trusted."""
    pem = certificate(tmp_path)
    settings = get_settings()
    monkeypatch.setattr(settings, "source_hosts", [NAME, "other.example.com"])
    monkeypatch.setattr(settings, "source_ca_file", pem)
    monkeypatch.setattr(settings, "source_attempts", 1)

    def as_loopback(_: object, port: int, *__: object, **___: object) -> list[object]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(outside_hosts.socket, "getaddrinfo", as_loopback)
    with TlsServer(pem) as running:
        yield running


def test_the_certificate_is_checked_for_the_name_of_the_host(server: TlsServer) -> None:
    with OutsideClient(f"https://{NAME}:{server.port}") as client:
        assert client.get_json("/")[1] == {"host": f"{NAME}:{server.port}"}
    with (
        OutsideClient(f"https://other.example.com:{server.port}") as client,
        pytest.raises(SourceUnreachable),
    ):
        client.get("/")


def test_links_with_http_stay_with_tls(server: TlsServer) -> None:
    with OutsideClient(f"https://{NAME}:{server.port}") as client:
        assert client.get(f"http://{NAME}/next").status == 200
