"""Looks for secrets in everything that is kept in git; 1 where there is one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Hashes of packages, published figures and recorded documents are what these hold.
FULL_OF_HASHES = (".lock", ".csv", ".parquet", ".xlsx", "requirements.txt", "sbom.json")
# These take a test's password, a hash or a long name for a secret, and take most of the time.
BLIND = ("KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString")
MADE_UP = r"@(erp\.example\.com|127\.0\.0\.1)|eyJzdWIiOiJjYW5hcnkifQ|codes_that_nobody_knows"
"""Lines of tests about addresses with a password in them, and a planted token."""
NOT_OURS = ("tests/data/", "tests/contract/snapshots/", "examples/")


def main(*, with_tests: bool) -> int:
    """The exit code of detect-secrets."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    looked_at = [
        name
        for name in listed
        if name.startswith("tests/") <= with_tests
        and not name.endswith(FULL_OF_HASHES)
        and not name.startswith(NOT_OURS)
        and (ROOT / name).is_file()
    ]
    program = Path(sys.executable).with_name("detect-secrets-hook")
    options = [word for name in BLIND for word in ("--disable-plugin", name)]
    found = subprocess.run(
        [program, *options, "--exclude-lines", MADE_UP, *looked_at], cwd=ROOT, check=False
    )
    return found.returncode


if __name__ == "__main__":
    sys.exit(main(with_tests="with-tests" in sys.argv))
