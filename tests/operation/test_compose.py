"""The rules that every container of docker-compose.yml keeps."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.postgres.binaries import SETTINGS
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"migrate", "openapi"}
OURS = [name for name, container in CONTAINERS.items() if container["image"].startswith("btim")]
PUBLISHED = {"gateway": None, "grafana": "127.0.0.1"}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_an_ordinary_user_within_limits_on_a_read_only_disk(name: str) -> None:
    container = CONTAINERS[name]
    user, group = container["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["mem_limit"]
    assert container["cpus"]
    assert container["pids_limit"]
    assert container["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "privileged" not in container
    assert "cap_add" not in container
    assert "network_mode" not in container


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_that_stays_is_looked_after(name: str) -> None:
    container = CONTAINERS[name]
    if name in ONCE:
        assert container["restart"] == "no"
        return
    assert container["restart"] == "unless-stopped"
    assert container["healthcheck"]["test"][0] == "CMD"
    assert container["healthcheck"]["retries"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_only_the_gateway_and_grafana_on_loopback_are_published(name: str) -> None:
    ports: list[str] = CONTAINERS[name].get("ports", [])
    assert bool(ports) == (name in PUBLISHED)
    for port in ports:
        address = PUBLISHED[name]
        assert address is None or port.startswith(f"{address}:")


@pytest.mark.parametrize("name", CONTAINERS)
def test_secrets_come_from_files_and_images_have_a_version(name: str) -> None:
    container = CONTAINERS[name]
    told: dict[str, str] = container.get("environment", {})
    for key, value in told.items():
        if re.search("PASSWORD|SECRET|TOKEN|KEY", key):
            assert key.endswith(("_FILE", "_DIR")), f"{name}: {key}"
            assert value.startswith("/"), f"{name}: {key}"
    assert re.search(r":v?\d", container["image"]), f"{name}: no version"
    assert set(container.get("secrets", [])) <= COMPOSE["secrets"].keys()
    assert all(secret.keys() == {"file"} for secret in COMPOSE["secrets"].values())


def test_networks_let_only_those_meet_who_must() -> None:
    of = {name: set(container["networks"]) for name, container in CONTAINERS.items()}
    assert of["postgres"] == {"database"}
    assert "database" not in of["gateway"] | of["prometheus"] | of["grafana"]
    assert COMPOSE["networks"]["database"]["internal"] is True
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert {name for name in of if "front" in of[name]} == set(PUBLISHED)


def test_every_setting_that_is_given_exists() -> None:
    known = {f"BTIM_{name.upper()}" for name in Settings.model_fields}
    for name in OURS:
        assert CONTAINERS[name]["environment"].keys() <= known, name


def test_the_gateway_takes_as_much_as_the_services() -> None:
    told = CONTAINERS["gateway"]["environment"]
    settings = Settings.model_fields
    assert int(told["GATEWAY_MAX_BODY_BYTES"]) == settings["max_body_bytes"].default
    assert int(told["GATEWAY_MAX_UPLOAD_BYTES"]) == settings["max_upload_bytes"].default
    template = (ROOT / "deploy" / "gateway" / "nginx.conf.template").read_text()
    assert set(re.findall(r"\$\{(\w+)\}", template)) == {
        name for name in told if name.startswith("GATEWAY_")
    }


def test_postgres_has_the_settings_of_the_embedded_one() -> None:
    told = dict(
        word.removeprefix("-c").split("=") for word in CONTAINERS["postgres"]["command"][1:]
    )
    elsewhere = {"listen_addresses", "unix_socket_directories", "log_timezone", "log_line_prefix"}
    assert told == {name: value for name, value in SETTINGS.items() if name not in elsewhere}


def test_what_is_mounted_from_here_exists() -> None:
    for name, container in CONTAINERS.items():
        for volume in container.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), f"{name}: {source}"
            elif ":" in volume:
                assert source in COMPOSE["volumes"], f"{name}: {source}"


def test_compose_itself_reads_the_file() -> None:
    command = shutil.which("docker-compose")
    if command is None:
        pytest.skip("docker-compose is not installed (Debian: apt-get install docker-compose)")
    told = subprocess.run(
        [command, "-f", str(FILE), "config", "-q"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr


def test_the_image_installs_what_was_tested_and_nothing_that_tests() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9].*?==\S+", (ROOT / name).read_text(), re.MULTILINE))

    running, tested = pinned("requirements-run.lock"), pinned("requirements.lock")
    assert len(running) > 50
    assert running < tested
    assert not {name for name in running if name.startswith(("pytest", "mypy", "pip=", "ruff"))}


def test_the_image_copies_no_secrets_and_ends_as_an_ordinary_user() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    copied = [line for line in lines if line.startswith("COPY ")]
    assert users == [CONTAINERS["ingest"]["user"]]
    assert not any(line.split()[1] == "." for line in copied)
    assert "deploy/secrets" in (ROOT / ".dockerignore").read_text().splitlines()
