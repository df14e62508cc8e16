"""What others say of the contract: linters, generated clients, the released documents.

`make contract`; needs node and npm, which nothing else here does.
"""

import json
import shutil

import pytest

from cli.merged_openapi import merge
from tests.api import report_company
from tests.contract import judges
from tests.running import SERVICES, LiveServices

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
DOCUMENTS = (*SERVICES, "merged")


@pytest.fixture(scope="module", autouse=True)
def _workshop(services: LiveServices) -> None:
    documents = {name: getattr(services, name).get("/openapi.json").json() for name in SERVICES}
    judges.set_up(documents | {"merged": merge(documents)})


@pytest.mark.parametrize("document", DOCUMENTS)
def test_spectral_with_the_rules_of_owasp_finds_no_error(document: str) -> None:
    judges.npx(
        "spectral", "lint", f"{document}.json", "-r", "spectral.yaml", "-F", "error", "-D"
    )  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS)
def test_redocly_at_its_strictest_finds_no_error(document: str) -> None:
    judges.npx("redocly", "lint", f"{document}.json", "--extends=recommended-strict")


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_that_was_released_is_broken(service: str) -> None:
    released = judges.RELEASED / f"{service}.json"
    judges.npx("optic", "diff", str(released), f"{service}.json", "--check")


def test_three_typescript_clients_compile_strictly() -> None:
    for service in SERVICES:
        judges.make_typescript_clients(service)
    judges.npx("tsc", "--project", "tsconfig.json")


@pytest.mark.parametrize("service", SERVICES)
def test_the_python_client_is_typed_strictly(service: str) -> None:
    judges.make_python_client(service)


def test_a_typed_sample_reads_pages_writes_and_waits_for_a_report(services: LiveServices) -> None:
    report_company.build(services)
    judges.make_typescript_clients("allocation")
    judges.make_typescript_clients("valuation")
    judges.npx("tsc", "--project", "tsconfig.json", "--noEmit", "false", "--outDir", "out")
    said = judges.run(
        "node",
        "out/sample.js",
        more={
            "BTIM_KEY": services.key,
            "BTIM_ALLOCATION_URL": services.urls["allocation"],
            "BTIM_VALUATION_URL": services.urls["valuation"],
            "BTIM_PERIOD": report_company.PERIOD,
        },
    )
    told = json.loads(said.splitlines()[-1])
    assert told["consumers"] == report_company.SHOPS + 1
    assert told["size"] > 5_000
