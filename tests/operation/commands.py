"""The `btim` command as an operator calls it: no terminal, nothing on standard input."""

import subprocess
import sys
from pathlib import Path

from tests.running import outside_environment

ROOT = Path(__file__).resolve().parents[2]


def btim(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command with --json; `settings` are its BTIM_ environment."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments, "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=outside_environment(**settings),
        check=False,
    )
