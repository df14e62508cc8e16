"""A real OIDC provider beside the live services: its tokens, its rotations, its absence."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from joserfc import jwt

from shared.clients import jwks
from shared.settings import get_settings
from tests.running import LiveServices
from tests.security.identity_provider import IdentityProvider, why_not

pytestmark = pytest.mark.slow
READ = "allocation:read ingest:read"


@pytest.fixture(scope="module")
def _installed() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture
def provider(
    _installed: None, services: LiveServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IdentityProvider]:
    running = IdentityProvider(tmp_path, "first")
    running.start()
    monkeypatch.setattr(get_settings(), "jwt_jwks_url", running.jwks_url)
    monkeypatch.setattr(get_settings(), "jwt_issuer", running.issuer)
    monkeypatch.setattr(get_settings(), "jwt_clock_skew_seconds", 0)
    yield running
    running.stop()


def ask(services: LiveServices, token: str, service: str = "allocation") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return int(httpx2.get(f"{services.urls[service]}/v1/me", headers=headers).status_code)


def forged(provider: IdentityProvider, **changes: object) -> str:
    """A token signed with the provider's own key, but not by the provider."""
    now = int(time.time())
    claims = {"iss": provider.issuer, "aud": "btim", "sub": "robot", "scope": READ, "exp": now + 60}
    header = {"alg": "RS256", "kid": provider.keys[0].kid}
    return jwt.encode(header, claims | changes, provider.keys[0])


def test_its_access_tokens_open_what_their_scope_says(
    services: LiveServices, provider: IdentityProvider
) -> None:
    token = provider.token("allocation:read")
    assert [ask(services, token, service) for service in ("allocation", "ingest")] == [200, 403]
    headers = {"Authorization": f"Bearer {provider.token(READ, client='east')}"}
    me = httpx2.get(f"{services.urls['allocation']}/v1/me", headers=headers).json()
    assert (me["subject"], me["consumers"]) == ("east", ["EAST"])
    refused = httpx2.get(f"{services.urls['ingest']}/v1/cost-lines", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "caller_is_bound")


def test_what_is_for_others_or_over_is_refused(
    services: LiveServices, provider: IdentityProvider, tmp_path: Path
) -> None:
    assert ask(services, provider.token(READ, "urn:other")) == 401
    short = provider.token(READ, "urn:btim:short")
    assert ask(services, short) == 200
    time.sleep(7)
    assert ask(services, short) == 401
    other = IdentityProvider(tmp_path, "first")
    other.start()
    try:
        assert ask(services, other.token(READ)) == 401
        other.keys = provider.keys
        other.stop()
        other.start()
        assert ask(services, other.token(READ)) == 401, "the same keys, but another issuer"
    finally:
        other.stop()
    assert ask(services, forged(provider)) == 200
    assert ask(services, forged(provider, nbf=int(time.time()) + 60)) == 401
    assert ask(services, forged(provider, nonce="n", aud=["btim", "robot"])) == 401


def test_a_rotation_is_followed_at_once(services: LiveServices, provider: IdentityProvider) -> None:
    former = provider.token(READ)
    assert ask(services, former) == 200
    provider.rotate("second", "first")
    assert ask(services, provider.token(READ)) == 200
    assert ask(services, former) == 200, "both keys are published"
    time.sleep(jwks.ASK_AGAIN_SECONDS)
    provider.rotate("third")
    assert ask(services, provider.token(READ)) == 200
    assert ask(services, former) == 401


def test_a_thousand_unknown_key_ids_hold_up_nobody(
    services: LiveServices, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = provider.token(READ)
    assert ask(services, good) == 200
    asked = []
    fetch = jwks.httpx.get
    monkeypatch.setattr(jwks.httpx, "get", lambda *a, **k: asked.append(1) or fetch(*a, **k))
    header = {"alg": "RS256"}
    claims = {"iss": provider.issuer, "aud": "btim", "sub": "x", "exp": int(time.time()) + 600}
    tokens = [
        jwt.encode(header | {"kid": str(uuid4())}, claims, provider.keys[0]) for _ in range(1000)
    ]
    began = time.monotonic()

    async def flood() -> tuple[list[int], list[int]]:
        url = f"{services.urls['allocation']}/v1/me"
        gate = asyncio.Semaphore(20)
        async with httpx2.AsyncClient(timeout=60) as client:

            async def one(token: str) -> int:
                async with gate:
                    answer = await client.get(url, headers={"Authorization": f"Bearer {token}"})
                    return int(answer.status_code)

            bad = asyncio.gather(*map(one, tokens))
            return await asyncio.gather(*(one(good) for _ in range(50))), await bad

    through, refused = asyncio.run(flood())
    seconds = time.monotonic() - began
    assert set(through) == {200}
    assert set(refused) == {401}
    assert 1 <= len(asked) <= 1 + seconds / jwks.ASK_AGAIN_SECONDS


def test_known_keys_go_on_without_the_provider(
    services: LiveServices, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = provider.token(READ)
    unknown = forged(provider).split(".")
    assert ask(services, token) == 200
    provider.stop()
    monkeypatch.setattr(jwks, "KEEP_SECONDS", 0)
    assert {ask(services, token) for _ in range(20)} == {200}
    assert ask(services, ".".join([*unknown[:2], "AAAA"])) == 401
    jwks._known.pop(provider.jwks_url)
    headers = {"Authorization": f"Bearer {token}"}
    told = httpx2.get(f"{services.urls['allocation']}/v1/me", headers=headers)
    assert (told.status_code, told.json()["code"]) == (503, "provider_unavailable")
    assert told.headers["Retry-After"]
    assert ask(services, services.key) == 200, "API keys need no provider"
    provider.start()
    time.sleep(jwks.ASK_AGAIN_SECONDS)
    assert ask(services, token) == 200
