"""Who may do what: the committed table, asked of every operation of the three documents.

Whom an operation lets in is decided before a body is read, so that no request here needs one.
"""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from joserfc.jwk import RSAKey

from shared.access.api_keys import create_key
from shared.database import in_transaction
from shared.settings import get_settings
from tests.running import SERVICES, ServiceUnderTest, a_key
from tests.security.small_provider import ISSUER, SmallProvider
from tests.security.test_tokens import base64url, signed_by_hand

TABLE = Path(__file__).with_name("authorisation.tsv")
ROLES = ("read", "write", "approve", "admin")
STORE_NOTHING = {"detect_profile", "preview_mapping", "preview_model_version_impact",
                 "create_simulation", "create_evaluation"}  # fmt: skip
"""A simulation is kept only with the scope to write (tests/api/test_simulations.py)."""
MAY = {
    "read": {"read"},
    "write": {"read", "write"},
    "approve": {"read", "approve"},
    "admin": {"read", "write", "approve", "admin", "audit", "events"},
    "audit": {"audit"},
    "events": {"events"},
}
NO_ALGORITHM = base64url(b'{"alg":"none","kid":"first"}')
EVERYTHING = [f"{service}:admin" for service in SERVICES]


class Row(NamedTuple):
    """One operation: whom its table line lets in."""

    service: str
    operation: str
    method: str
    path: str
    scope: str
    bound: str


def table() -> list[Row]:
    with TABLE.open(newline="") as lines:
        return [Row(*line) for line in list(csv.reader(lines, delimiter="\t"))[1:]]


ROWS = table()


@dataclass(frozen=True)
class Kind:
    """A kind of caller: what it sends, what it holds, or the code with which it is refused."""

    name: str
    authorization: str | None
    holds: tuple[str, ...] = ()
    refused: str | None = None
    is_bound: bool = False

    def expected(self, row: Row) -> str | None:
        """The code with which the operation refuses it; None where it is let in."""
        if row.scope == "-":
            return None
        if self.refused is not None:
            return self.refused
        service, action = row.scope.split(":")
        held = [one.split(":") for one in self.holds]
        if not any(whose == service and action in MAY[role] for whose, role in held):
            return "scope_missing"
        return "caller_is_bound" if self.is_bound and row.bound != "own part" else None


def spoilt_keys() -> Iterator[Kind]:
    past = datetime.now(UTC) - timedelta(minutes=1)
    with in_transaction() as session:
        _, expired = create_key(session, name="x", subject="x", scopes=EVERYTHING, expires_at=past)
        row, revoked = create_key(session, name="x", subject="x", scopes=EVERYTHING)
        row.revoked_at = past
        session.add(row)
    live = a_key(EVERYTHING)
    for name, key in (
        ("expired key", expired),
        ("revoked key", revoked),
        ("key with another secret", live[:-4] + "AAAA"),
        ("key that was cut off", live[:20]),
    ):
        yield Kind(name, f"Bearer {key}", refused="bad_api_key")
    yield Kind("anonymous", None, refused="unauthenticated")
    yield Kind("key as a password", f"Basic {live}", refused="unauthenticated")


def spoilt_tokens(provider: SmallProvider) -> Iterator[Kind]:
    scope = " ".join(EVERYTHING)
    good = provider.token(scope=scope)
    payload = good.split(".")[1]
    other_key = RSAKey.generate_key(2048, {"kid": "first"})
    public = provider.keys[0].as_pem(private=False)
    tokens = {
        "expired token": provider.token(scope=scope, exp=1_000_000_000),
        "token for others": provider.token(scope=scope, aud="other"),
        "token of another issuer": provider.token(scope=scope, iss="https://evil.example.org"),
        "unsigned token": f"{NO_ALGORITHM}.{payload}.",
        "signed with the public key": signed_by_hand(
            {"alg": "HS256", "kid": "first"}, good, public
        ),
        "signed with another's key": provider.token(other_key, scope=scope),
        "id token": provider.token(scope=scope, nonce="of a login"),
    }
    for name, token in tokens.items():
        yield Kind(name, f"Bearer {token}", refused="bad_token")


def live_callers(provider: SmallProvider) -> Iterator[Kind]:
    for service in SERVICES:
        for role in (*ROLES, "audit", "events"):
            held = (f"{service}:{role}",)
            yield Kind(f"{service} {role}", f"Bearer {a_key(list(held))}", held)
    all_of_it = tuple(EVERYTHING)
    yield Kind("token", f"Bearer {provider.token(scope=' '.join(EVERYTHING))}", all_of_it)
    bound = a_key(EVERYTHING, consumers=["EAST"])
    yield Kind("bound key", f"Bearer {bound}", all_of_it, is_bound=True)
    token = provider.token(scope=" ".join(EVERYTHING), btim_consumers=["EAST"])
    yield Kind("bound token", f"Bearer {token}", all_of_it, is_bound=True)


@pytest.fixture(scope="module")
def kinds(database: str) -> Iterator[list[Kind]]:
    provider, settings = SmallProvider(), get_settings()
    settings.jwt_jwks_url, settings.jwt_issuer = provider.url, ISSUER
    yield [*spoilt_keys(), *spoilt_tokens(provider), *live_callers(provider)]
    settings.jwt_jwks_url = settings.jwt_issuer = None
    provider.close()


@pytest.fixture(scope="module")
def clients(
    ingest: ServiceUnderTest, allocation: ServiceUnderTest, valuation: ServiceUnderTest
) -> dict[str, ServiceUnderTest]:
    return {"ingest": ingest, "allocation": allocation, "valuation": valuation}


def address(path: str) -> str:
    """A path to what does not exist, so that those who are let in change nothing."""
    parts = (str(uuid4()) if "{" in part else part for part in path.split("/"))
    return "/".join(parts)


def check(clients: dict[str, ServiceUnderTest], row: Row, kind: Kind) -> None:
    headers = {"Authorization": kind.authorization or ""}
    answer = clients[row.service].request(row.method, address(row.path), headers=headers)
    expected = kind.expected(row)
    told = (row.operation, kind.name, answer.status_code, answer.text[:300])
    if expected is None:
        assert answer.status_code not in (401, 500), told
        assert answer.status_code != 403, told
        return
    status = 403 if expected in ("scope_missing", "caller_is_bound") else 401
    assert (answer.status_code, answer.json()["code"]) == (status, expected), told


def is_in_sample(*names: str) -> bool:
    """The same tenth of the pairs each time."""
    return hashlib.sha256(" ".join(names).encode()).digest()[0] % 20 == 0


def scope_of(operation: dict[str, Any]) -> str:
    return str(operation.get("x-scope-alone") or operation.get("x-scope", "-"))


def test_every_operation_has_its_line_in_the_table(clients: dict[str, ServiceUnderTest]) -> None:
    found = {
        (service, operation["operationId"], method.upper(), path, scope_of(operation))
        for service, client in clients.items()
        for path, item in client.get("/openapi.json").json()["paths"].items()
        for method, operation in item.items()
    }
    known = {row[:5] for row in ROWS}
    assert found - known == set(), "operations without a line, or with another scope"
    assert known - found == set(), "lines without an operation"


def test_only_what_tells_of_the_process_itself_is_open_to_anybody() -> None:
    is_open = {row.operation for row in ROWS if row.scope == "-"}
    assert is_open == {"healthz", "readyz", "metrics"}
    assert {row.bound for row in ROWS if row.scope == "-"} == {"anybody"}


def test_writing_needs_more_than_reading_and_scopes_stay_in_their_service() -> None:
    for row in ROWS:
        if row.scope == "-":
            continue
        service, action = row.scope.split(":")
        assert service == row.service
        if row.method != "GET" and action == "read":
            assert row.operation in STORE_NOTHING


def test_each_operation_refuses_the_anonymous_and_the_bound_as_the_table_says(
    clients: dict[str, ServiceUnderTest], kinds: list[Kind]
) -> None:
    named = {kind.name: kind for kind in kinds}
    for row in ROWS:
        check(clients, row, named["anonymous"])
        if row.bound == "refused":
            check(clients, row, named["bound key"])


def test_a_tenth_of_all_operations_and_callers_are_as_the_table_says(
    clients: dict[str, ServiceUnderTest], kinds: list[Kind]
) -> None:
    asked = set()
    for row in ROWS:
        for kind in kinds:
            if is_in_sample(row.service, row.operation, kind.name):
                check(clients, row, kind)
                asked.add(kind.name)
    assert asked == {kind.name for kind in kinds}


@pytest.mark.slow
def test_all_operations_and_callers_are_as_the_table_says(
    clients: dict[str, ServiceUnderTest], kinds: list[Kind]
) -> None:
    for row in ROWS:
        for kind in kinds:
            check(clients, row, kind)


def test_authorisation_is_decided_before_the_body_is_read(
    clients: dict[str, ServiceUnderTest], kinds: list[Kind]
) -> None:
    (reader,) = [kind for kind in kinds if kind.name == "valuation read"]
    headers: dict[str, Any] = {"Authorization": reader.authorization}

    for row in ROWS:
        if row.method in ("POST", "PUT", "PATCH") and row.service != "valuation":
            answer = clients[row.service].request(
                row.method, address(row.path), headers=headers, content=b"\xff not JSON {"
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
