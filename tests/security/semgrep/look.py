"""Runs our rules: on the lines that they are for, then on the code. Needs build/semgrep."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PROGRAM = ROOT / "build" / "semgrep" / "bin" / "semgrep"
CODE = ["services", "shared", "cli", "alembic"]
QUIETLY = ["--metrics=off", "--disable-version-check"]


def semgrep(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What semgrep says; nothing leaves this machine."""
    environment = {**os.environ, "SEMGREP_SEND_METRICS": "off"}
    environment["PATH"] = f"{PROGRAM.parent}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        [PROGRAM, "scan", *QUIETLY, "--config", HERE / "rules.yaml", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def main() -> int:
    """0 when every rule finds what it is for, and nothing in the code."""
    for found in (semgrep("--test", str(HERE / "rules.py")), semgrep("--error", *CODE)):
        sys.stdout.write(found.stdout)
        if found.returncode != 0:
            sys.stderr.write(found.stderr)
            return found.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
