"""A fuzzer with four identities: none of three bound callers gets an object of another one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.allocation.statements import repository as statements
from shared.access.api_keys import create_key
from shared.database import in_transaction
from tests.running import SERVICES, LiveServices, ServiceUnderTest
from tests.security.two_units import World

pytestmark = pytest.mark.slow
PEERS = {"east": ["EAST"], "west": ["WEST"], "nobody": []}
"""Whom the callers are bound to; none of them sees what another one does."""
CHECKS = "object_level_authorization,ignored_auth,not_a_server_error"


def key_of(name: str, consumers: list[str] | None) -> str:
    scopes = [f"{service}:admin" for service in SERVICES]
    with in_transaction() as session:
        _, key = create_key(session, name=name, subject=name, scopes=scopes, consumers=consumers)
    return key


@pytest.fixture(scope="module")
def _world(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> World:
    return World(allocation, ingest)


@pytest.fixture(scope="module")
def config(_world: World, services: LiveServices, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identities")
    bindings: dict[str, list[str] | None] = {**PEERS, "all": None}
    callers = {name: key_of(name, consumers) for name, consumers in bindings.items()}
    who = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
        for name, key in callers.items()
    ]
    (folder / "auth.yaml").write_text(json.dumps({"auth": who}))
    path = folder / "schemathesis.toml"
    peers = json.dumps(list(PEERS))
    path.write_text(f'[auth.wfc]\npath = "{folder / "auth.yaml"}"\npeers = {peers}\n')
    return path


def fuzz(services: LiveServices, service: str, config: Path, *more: str) -> tuple[int, str]:
    getattr(services, service).get("/openapi.json")  # built once; the fuzzer waits ten seconds
    command = [
        str(Path(sys.executable).with_name("st")), "--no-color", "--config-file", str(config),
        "run", f"{services.urls[service]}/openapi.json", "--checks", CHECKS,
        "--phases", "examples,fuzzing,stateful", "--max-examples", "20", "--seed", "1",
        "--generation-database", "none", *more,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=config.parent, capture_output=True, text=True, check=False, timeout=600
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_no_caller_gets_an_object_of_another_one(
    config: Path, services: LiveServices, service: str
) -> None:
    status, told = fuzz(services, service, config)
    assert status == 0, told[-6000:]
    assert "will not run" not in told


def test_a_missing_check_would_be_found(
    config: Path, services: LiveServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same run against reading that has forgotten whom the caller is bound to."""
    get = statements.get_statement
    monkeypatch.setattr(
        statements, "get_statement", lambda session, identifier, _: get(session, identifier, None)
    )
    status, told = fuzz(services, "allocation", config, "--include-tag", "statements")
    assert status == 1, told[-3000:]
    assert "received the" in told
