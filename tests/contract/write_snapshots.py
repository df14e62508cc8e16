"""Writes the three OpenAPI documents to tests/contract/snapshots (`make snapshots`).

With `--release` also to tests/contract/released, once per release: what stands there is promised
to callers, and `make contract` lets nothing of it break.
"""

import importlib
import json
import sys

from tests.contract.judges import RELEASED
from tests.contract.test_documents import SNAPSHOTS
from tests.running import SERVICES


def main() -> None:
    """Write each document with sorted keys, so that differences are small."""
    SNAPSHOTS.mkdir(exist_ok=True)
    for service in SERVICES:
        document = importlib.import_module(f"services.{service}.main").app.openapi()
        content = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
        (SNAPSHOTS / f"{service}.json").write_text(content + "\n")
        if "--release" in sys.argv[1:]:
            RELEASED.mkdir(exist_ok=True)
            closely = json.dumps(document, ensure_ascii=False, sort_keys=True)
            (RELEASED / f"{service}.json").write_text(closely + "\n")


if __name__ == "__main__":
    main()
