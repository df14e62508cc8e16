"""Runs schemathesis against a live service and counts what was answered."""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.running import LiveServices

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Answers:
    """How often each operation answered which status."""

    by_operation: dict[str, Counter[int]]
    with_own: set[str]
    """Operations that told of what the caller owns."""

    @property
    def cases(self) -> int:
        """All requests that were answered."""
        return sum(sum(statuses.values()) for statuses in self.by_operation.values())

    @property
    def never_fulfilled(self) -> set[str]:
        """Operations that were only ever refused."""
        return {
            operation
            for operation, statuses in self.by_operation.items()
            if not any(status < 400 for status in statuses)
        }


def fuzz(
    services: LiveServices,
    service: str,
    folder: Path,
    *options: str,
    key: str | None = None,
    own: str = "",
    hidden: str = "",
) -> Answers:
    """Let schemathesis ask a live service; any finding fails with its reproduction.

    Answers are counted together with those of earlier calls with the same folder.
    """
    ledger = folder / f"{service}.ledger"
    authorization = f"Bearer {key or services.key}"
    found = subprocess.run(
        [
            str(Path(sys.executable).with_name("st")),
            "--no-color",
            "--config-file",
            str(HERE / "schemathesis.toml"),
            "run",
            f"{services.urls[service]}/openapi.json",
            "--header",
            f"Authorization: {authorization}",
            "--seed",
            "1",
            "--generation-database",
            "none",
            "--warnings",
            "off",
            *options,
        ],
        cwd=folder,
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "tests.contract.fuzz_hooks",
            "PYTHONPATH": str(ROOT),
            "BTIM_FUZZ_LEDGER": str(ledger),
            "BTIM_FUZZ_AUTHORIZATION": authorization,
            "BTIM_FUZZ_OWN": own,
            "BTIM_FUZZ_HIDDEN": hidden,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    report = folder / f"{service}.txt"
    report.write_text(found.stdout + found.stderr)
    assert found.returncode == 0, f"{report}:\n{found.stdout[-8000:]}{found.stderr[-2000:]}"
    return _counted(ledger)


def _counted(ledger: Path) -> Answers:
    statuses: dict[str, Counter[int]] = defaultdict(Counter)
    with_own = set()
    for line in ledger.read_text().splitlines():
        operation, status, own = line.split("\t")
        statuses[operation][int(status)] += 1
        if own == "1":
            with_own.add(operation)
    return Answers(statuses, with_own)
