"""JWTs of an OIDC provider: only valid ones of the right issuer for the right audience."""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from shared.clients import jwks
from shared.settings import get_settings
from tests.running import ServiceUnderTest

ISSUER = "https://login.example.org"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


NO_ALGORITHM = base64url(b'{"alg":"none"}')
SYMMETRIC = base64url(b'{"alg":"HS256","kid":"first"}')


class Provider:
    """Serves a JWKS and can rotate its key."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "first"})
        self.asked = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                import json

                provider.asked += 1
                body = json.dumps({"keys": [provider.key.as_dict(private=False)]}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def token(self, key: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "btim",
            "sub": "alice",
            "exp": now + 300,
            "scope": "openid allocation:read",
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        used = key or self.key
        header = {"alg": algorithm, "kid": used.kid or "first"}
        return jwt.encode(header, claims, used, algorithms=[algorithm])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def provider(database: str) -> Iterator[Provider]:
    running = Provider()
    settings = get_settings()
    settings.jwt_jwks_url, settings.jwt_issuer = running.url, ISSUER
    jwks._known.clear()
    yield running
    settings.jwt_jwks_url = settings.jwt_issuer = None
    running.close()


def ask(allocation: ServiceUnderTest, token: str) -> int:
    return allocation.get("/v1/me", headers=allocation.as_caller(token)).status_code


def test_a_valid_token_names_its_caller(allocation: ServiceUnderTest, provider: Provider) -> None:
    headers = allocation.as_caller(provider.token(btim_consumers=["north"]))
    me = allocation.get("/v1/me", headers=headers).json()
    assert (me["subject"], me["scopes"], me["consumers"]) == (
        "alice",
        ["allocation:read"],
        ["north"],
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example.org"},
        {"aud": "other"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
        {"nbf": 4_000_000_000},
        {"btim_consumers": "north"},
    ],
)
def test_a_doubtful_token_is_refused(
    allocation: ServiceUnderTest, provider: Provider, changes: dict[str, Any]
) -> None:
    assert ask(allocation, provider.token(**changes)) == 401


def test_a_token_without_the_scope_is_forbidden(
    allocation: ServiceUnderTest, provider: Provider
) -> None:
    assert ask(allocation, provider.token(scope="ingest:admin")) == 403


def test_foreign_and_downgraded_signatures_are_refused(
    allocation: ServiceUnderTest, provider: Provider
) -> None:
    foreign = RSAKey.generate_key(2048, {"kid": "first"})
    assert ask(allocation, provider.token(foreign)) == 401
    assert ask(allocation, provider.token(ECKey.generate_key("P-256"), "ES256")) == 401
    _, payload, _ = provider.token().split(".")
    assert ask(allocation, f"{NO_ALGORITHM}.{payload}.") == 401
    signed = f"{SYMMETRIC}.{payload}"
    public_key = provider.key.as_pem(private=False)
    forged = base64url(hmac.new(public_key, signed.encode(), hashlib.sha256).digest())
    assert ask(allocation, f"{signed}.{forged}") == 401


def test_a_rotated_key_is_fetched_once(allocation: ServiceUnderTest, provider: Provider) -> None:
    assert ask(allocation, provider.token()) == 200
    provider.key = RSAKey.generate_key(2048, {"kid": "second"})
    fetched_at, keys = jwks._known[provider.url]
    jwks._known[provider.url] = (fetched_at - jwks.ASK_AGAIN_SECONDS, keys)
    assert ask(allocation, provider.token()) == 200
    asked = provider.asked
    unknown = RSAKey.generate_key(2048, {"kid": "flood"})
    for _ in range(20):
        assert ask(allocation, provider.token(unknown)) == 401
    assert provider.asked == asked, "unknown key ids must not make us ask again and again"
