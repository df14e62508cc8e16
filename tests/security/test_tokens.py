"""JWTs of an OIDC provider: only valid ones of the right issuer for the right audience.

The provider is a small one whose keys we hold; test_oidc_provider.py does it with a real one.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.clients import jwks
from shared.settings import get_settings
from tests.running import ServiceUnderTest
from tests.security.small_provider import ISSUER, SmallProvider


@pytest.fixture
def provider(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallProvider]:
    running = SmallProvider()
    monkeypatch.setattr(get_settings(), "jwt_jwks_url", running.url)
    monkeypatch.setattr(get_settings(), "jwt_issuer", ISSUER)
    yield running
    running.close()


def ask(allocation: ServiceUnderTest, token: str) -> int:
    return allocation.get("/v1/me", headers=allocation.as_caller(token)).status_code


def let_time_pass(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """For the keeper of keys only."""
    clock = time.monotonic
    monkeypatch.setattr(jwks.time, "monotonic", lambda: clock() + seconds)


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def signed_by_hand(header: dict[str, str], token: str, secret: bytes) -> str:
    head = base64url(json.dumps(header).encode())
    content = f"{head}.{token.split('.')[1]}"
    return f"{content}.{base64url(hmac.new(secret, content.encode(), hashlib.sha256).digest())}"


def test_a_valid_token_names_its_caller(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    headers = allocation.as_caller(provider.token(btim_consumers=["north"]))
    me = allocation.get("/v1/me", headers=headers).json()
    assert (me["subject"], me["scopes"], me["consumers"]) == (
        "alice",
        ["allocation:read"],
        ["north"],
    )
    for typ in ("at+jwt", "application/at+jwt", "JWT"):
        assert ask(allocation, provider.token(header={"typ": typ, "x-own": "1"})) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example.org"},
        {"iss": [ISSUER]},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["other", "third"]},
        {"aud": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"sub": None},
        {"sub": ""},
        {"sub": {"name": "admin"}},
        {"sub": "ali\x00ce"},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"btim_consumers": "north"},
        {"btim_consumers": [1]},
        {"nonce": "of a login"},
        {"at_hash": "of an id token"},
        {"typ": "ID"},
        {"header": {"typ": "logout+jwt"}},
    ],
)
def test_a_doubtful_token_is_refused(
    allocation: ServiceUnderTest, provider: SmallProvider, changes: dict[str, Any]
) -> None:
    refused = allocation.get("/v1/me", headers=allocation.as_caller(provider.token(**changes)))
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_token")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("text", ["a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "..", "é.é.é", "{}"])
def test_what_is_no_token_is_refused(
    allocation: ServiceUnderTest, provider: SmallProvider, text: str
) -> None:
    headers = {"Authorization": f"Bearer {text}".encode()}
    assert allocation.get("/v1/me", headers=headers).status_code == 401


def test_a_token_without_the_scope_is_forbidden(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    assert ask(allocation, provider.token(scope="ingest:admin")) == 403
    assert ask(allocation, provider.token(scope=None)) == 403
    assert ask(allocation, provider.token(scope="allocation:root allocation:*")) == 403


def test_foreign_and_downgraded_signatures_are_refused(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    foreign = RSAKey.generate_key(2048, {"kid": "first"})
    assert ask(allocation, provider.token(foreign)) == 401
    assert ask(allocation, provider.token(ECKey.generate_key("P-256"), "ES256")) == 401
    token = provider.token()
    head = base64url(json.dumps({"alg": "none", "kid": "first"}).encode())
    for unsigned in (f"{head}.{token.split('.')[1]}.", f"{head}.{token.split('.')[1]}"):
        assert ask(allocation, unsigned) == 401
    as_pem = provider.keys[0].as_pem(private=False)
    as_json = json.dumps(provider.keys[0].as_dict(private=False)).encode()
    for secret in (as_pem, as_pem.strip(), as_json, b""):
        forged = signed_by_hand({"alg": "HS256", "kid": "first"}, token, secret)
        assert ask(allocation, forged) == 401


def test_a_symmetric_key_among_the_published_ones_opens_nothing(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    shared = OctKey.generate_key(256, {"kid": "shared"})
    provider.more = [shared.as_dict(private=True)]
    assert ask(allocation, provider.token(shared, "HS256")) == 401
    assert ask(allocation, provider.token()) == 200


def test_keys_that_a_token_brings_along_are_not_looked_at(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    own = RSAKey.generate_key(2048, {"kid": "first"})
    elsewhere = SmallProvider()
    elsewhere.keys = [own]
    try:
        for header in (
            {"jku": elsewhere.url},
            {"x5u": elsewhere.url},
            {"jwk": own.as_dict(private=False)},
        ):
            assert ask(allocation, provider.token(own, header=header)) == 401
            assert ask(allocation, provider.token(own, header=header | {"kid": "mine"})) == 401
        assert ask(allocation, provider.token(header={"jku": elsewhere.url})) == 200
        assert elsewhere.asked == 0
    finally:
        elsewhere.close()


def test_a_published_key_of_a_new_kind_does_not_spoil_the_others(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    provider.more = [
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "new", "pub": "AA"},
        {"kty": "EC", "crv": "P-999", "kid": "odd", "x": "AA", "y": "AA"},
        {"kid": "nothing"},
    ]
    assert ask(allocation, provider.token()) == 200


def test_a_new_key_works_at_once_and_a_removed_one_stops(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    former = provider.token()
    assert ask(allocation, former) == 200
    provider.keys = [RSAKey.generate_key(2048, {"kid": "second"})]
    assert ask(allocation, provider.token()) == 200
    assert ask(allocation, former) == 401


def test_a_removed_key_stops_by_itself(
    allocation: ServiceUnderTest, provider: SmallProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = provider.token()
    assert ask(allocation, former) == 200
    provider.keys = [RSAKey.generate_key(2048, {"kid": "second"})]
    assert ask(allocation, former) == 200
    let_time_pass(monkeypatch, jwks.KEEP_SECONDS)
    assert ask(allocation, former) == 401


def test_unknown_key_ids_make_us_ask_once_and_hold_up_nobody(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    """100 tokens of unknown keys, while the provider needs a second to answer each question."""
    assert ask(allocation, provider.token()) == 200
    flood = [provider.token(header={"kid": str(uuid4())}) for _ in range(100)]
    provider.asked, provider.slow = 0, 1.0
    first = threading.Thread(target=ask, args=(allocation, flood[0]))
    first.start()
    while provider.asked == 0:
        time.sleep(0.001)
    assert ask(allocation, provider.token()) == 200
    assert first.is_alive(), "a known caller waited for keys that are fetched for another one"
    first.join()
    assert {ask(allocation, token) for token in flood} == {401}
    assert provider.asked == 1


def test_known_keys_go_on_while_the_provider_is_down(
    allocation: ServiceUnderTest, provider: SmallProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(allocation, provider.token()) == 200
    provider.down, provider.asked = True, 0
    let_time_pass(monkeypatch, 10 * jwks.KEEP_SECONDS)
    assert {ask(allocation, provider.token()) for _ in range(10)} == {200}
    assert provider.asked == 1, "a provider that is down is not asked again and again"


@pytest.mark.parametrize("answered", ["an error", "no keys", "something else"])
def test_without_any_key_it_is_said_that_the_provider_is_missing(
    allocation: ServiceUnderTest, provider: SmallProvider, answered: str
) -> None:
    token = provider.token()
    provider.down = answered == "an error"
    if answered != "an error":
        provider.keys = []
    if answered == "something else":
        provider.document = lambda: {"error": "no"}  # type: ignore[method-assign]
    refused = allocation.get("/v1/me", headers=allocation.as_caller(token))
    assert (refused.status_code, refused.json()["code"]) == (503, "provider_unavailable")
    assert refused.headers["Retry-After"]


def test_two_bindings_of_one_person_do_not_share_kept_answers(
    allocation: ServiceUnderTest, provider: SmallProvider
) -> None:
    """An answer kept for an Idempotency-Key may show more than a later token of theirs may see."""
    keyed = {"Idempotency-Key": str(uuid4())}
    body = {"statement_line": str(uuid4()), "reason": "not ours"}
    codes = set()
    for consumers in (None, ["EAST"], ["WEST"]):
        token = provider.token(scope="allocation:write", btim_consumers=consumers)
        headers = allocation.as_caller(token) | keyed
        answer = allocation.post("/v1/disputes", json=body, headers=headers)
        codes.add((answer.status_code, answer.headers.get("Idempotency-Replayed")))
    assert codes == {(422, None)}
