"""The three OpenAPI documents hold what they say, for any input a fuzzer thinks of."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import SERVICES, LiveServices


def fuzz(services: LiveServices, service: str, folder: Path, phases: str, examples: int) -> None:
    """Let schemathesis ask a live service; any finding fails with its reproduction."""
    found = subprocess.run(
        [
            str(Path(sys.executable).with_name("st")),
            "--no-color",
            "--config-file",
            str(Path(__file__).with_name("schemathesis.toml")),
            "run",
            f"{services.urls[service]}/openapi.json",
            "--header",
            f"Authorization: Bearer {services.key}",
            "--phases",
            phases,
            "--max-examples",
            str(examples),
            "--seed",
            "1",
            "--generation-database",
            "none",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-6000:]


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_makes_a_service_crash_or_answer_out_of_contract(
    services: LiveServices, service: str, tmp_path: Path
) -> None:
    fuzz(services, service, tmp_path, "examples,fuzzing", 2)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_no_combination_at_the_edges_of_the_schemas_does_either(
    services: LiveServices, service: str, tmp_path: Path
) -> None:
    fuzz(services, service, tmp_path, "examples,coverage,fuzzing", 60)
