"""The three OpenAPI documents hold what they say, for any input a fuzzer thinks of."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import SERVICES, LiveServices

EXAMPLES = "4"


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_makes_a_service_crash_or_answer_out_of_contract(
    services: LiveServices, service: str, tmp_path: Path
) -> None:
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
            "examples,coverage,fuzzing",
            "--max-examples",
            EXAMPLES,
            "--seed",
            "1",
            "--workers",
            "2",
            "--generation-database",
            "none",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-20000:]
