"""SAP's own OData server (CAP, from npm) over a journal of line items.

`python -m tests.connectors.cap` installs it into build/cap; needs npm and takes some minutes.
"""

import base64
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.running import outside_environment

FOLDER = Path(__file__).resolve().parents[2] / "build" / "cap"
SERVE = FOLDER / "node_modules" / "@sap" / "cds" / "bin" / "serve.js"
ROOT = "/odata/v4/journal"
ENTITY_SET = "GLAccountLineItem"
PAGE_ROWS = 100
READER = ("reader", "secret")
_PACKAGE = {
    "name": "journal",
    "private": True,
    "dependencies": {"@sap/cds": "9.9.3", "@cap-js/sqlite": "2.4.2", "express": "4.22.3"},
    "cds": {
        "requires": {
            "db": "sqlite",
            "auth": {"kind": "basic", "users": {READER[0]: {"password": READER[1]}}},
        }
    },
}
_COLUMNS = (
    "CompanyCode", "FiscalYear", "AccountingDocument", "LedgerGLLineItem", "PostingDate",
    "LastChangeDateTime", "GLAccount", "CostCenter", "Supplier", "DocumentItemText",
    "DebitCreditCode", "AmountInCompanyCodeCurrency", "CompanyCodeCurrency",
)  # fmt: skip
_MODEL = f"""
namespace journal;

entity Items {{
  key CompanyCode : String(4);
  key FiscalYear : String(4);
  key AccountingDocument : String(10);
  key LedgerGLLineItem : String(6);
  PostingDate : Date;
  LastChangeDateTime : Timestamp;
  GLAccount : String(10);
  CostCenter : String(10);
  Supplier : String(10);
  DocumentItemText : String(50);
  DebitCreditCode : String(1);
  AmountInCompanyCodeCurrency : Decimal(23, 2);
  CompanyCodeCurrency : String(5);
}}

@path: '{ROOT}'
@requires: 'authenticated-user'
@cds.query.limit: {{ default: {PAGE_ROWS}, max: {PAGE_ROWS} }}
service JournalService {{
  entity {ENTITY_SET} as projection on Items;
}}
"""


def install() -> None:
    """Have npm put the server into build/cap."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to install SAP CAP")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text(json.dumps(_PACKAGE, indent=2))
    command = [npm, "install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run(command, cwd=FOLDER, check=True)


def why_not() -> str | None:
    """Why the server cannot be run here; None when it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not SERVE.exists():
        return "SAP CAP is not installed: run `make connectors`"
    return None


def item(number: int) -> dict[str, str]:
    """One line item, two to a document, every fourth a credit."""
    minutes = f"{number // 60 % 24:02d}:{number % 60:02d}"
    values = (
        "1710", "2026", f"{100_000_000 + number // 2:010d}", f"{number:06d}",
        f"2026-01-{number % 28 + 1:02d}", f"2026-02-{number // 1440 + 1:02d}T{minutes}:00Z",
        "0065008420", f"1710{number % 5}101", "17300001", f"Licence {number}",
        "H" if number % 4 == 0 else "S", f"{'-' if number % 4 == 0 else ''}{number}.10", "EUR",
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


@contextmanager
def cap_server(items: int, folder: Path) -> Iterator[str]:
    """The server with so many line items in memory, on a free port; its address."""
    _write_project(folder, items)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["node", str(SERVE), "all", "--in-memory", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=outside_environment(CDS_ENV="test"),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _write_project(folder: Path, items: int) -> None:
    (folder / "db" / "data").mkdir(parents=True)
    (folder / "srv").mkdir()
    (folder / "package.json").write_text(json.dumps(_PACKAGE))
    (folder / "node_modules").symlink_to(FOLDER / "node_modules")
    (folder / "srv" / "journal.cds").write_text(_MODEL)
    lines = [";".join(_COLUMNS)] + [";".join(item(n).values()) for n in range(1, items + 1)]
    (folder / "db" / "data" / "journal-Items.csv").write_text("\n".join(lines) + "\n")


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        try:
            call(url, "GET", "?$top=1")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("SAP CAP did not start")


def call(url: str, method: str, rest: str = "", body: dict[str, Any] | None = None) -> Any:
    """One request to the entity set as its user."""
    said = base64.b64encode(":".join(READER).encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - a server of this test
        f"{url}{ROOT}/{ENTITY_SET}{rest}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {said}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as found:  # noqa: S310
        content = found.read()
    return json.loads(content) if content else None


if __name__ == "__main__":
    install()
