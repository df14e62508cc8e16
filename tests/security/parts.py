"""Writes the list of parts: what is installed for running, with versions, licences and hashes."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PLACE = re.compile(r"^(file:|/)|simple/|index-url")


def without_places(value: Any) -> Any:
    """The same without addresses of elsewhere and folders of this machine."""
    if isinstance(value, dict):
        kept = {
            name: without_places(each)
            for name, each in value.items()
            if name != "externalReferences"
        }
        return {name: each for name, each in kept.items() if each not in (None, [], {})}
    if isinstance(value, list):
        return [each for each in map(without_places, value) if each not in (None, [], {})]
    return None if isinstance(value, str) and _PLACE.search(value) else value


def main() -> None:
    """The list for requirements.lock, the same bytes for the same lock."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "parts.json"
        program = Path(sys.executable).with_name("cyclonedx-py")
        subprocess.run(
            [program, "requirements", "--output-reproducible", "--of", "JSON",
             "-o", written, ROOT / "requirements.lock"],
            check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        parts = without_places(json.loads(written.read_text()))
    Path(sys.argv[1]).write_text(json.dumps(parts, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
