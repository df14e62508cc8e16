"""The workshop of those who judge the contract from outside: linters, generators, compilers.

Everything comes from npm by tests/contract/node/package-lock.json, and from pip into an
environment of its own; it all lies in build/contract, beside the documents and the clients made.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NODE = HERE / "node"
RELEASED = HERE / "released"
WORKSHOP = HERE.parents[1] / "build" / "contract"
PYTHON_JUDGES = ("openapi-python-client==0.29.1", "mypy==2.4.1")
TOOLS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
"""Generators format what they make with the tools of this environment."""
QUIET = {
    "PATH": TOOLS,
    "REDOCLY_TELEMETRY": "off",
    "OPTIC_TELEMETRY_LEVEL": "off",
    "SCARF_ANALYTICS": "false",
    "npm_config_omit_lockfile_registry_resolved": "true",
}


def set_up(documents: dict[str, Any]) -> None:
    """The node tools of the lock file, and the documents, in the workshop."""
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    for file in NODE.iterdir():
        shutil.copy(file, WORKSHOP / file.name)
    lock = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    stamp = WORKSHOP / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != lock:
        run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(lock)
    for name, document in documents.items():
        path = WORKSHOP / f"{name}.json"
        path.write_text(json.dumps(document, ensure_ascii=False))


def run(*command: str, more: dict[str, str] | None = None) -> str:
    """What a judge says; its complaint when it is not content."""
    found = subprocess.run(
        command,
        cwd=WORKSHOP,
        env=os.environ | QUIET | (more or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"{' '.join(command)}\n{found.stdout[-8000:]}"
    return found.stdout


def npx(*command: str, more: dict[str, str] | None = None) -> str:
    """The same for a tool of the lock file, never a download of another."""
    return run("npx", "--no-install", *command, more=more)


def make_typescript_clients(service: str) -> None:
    """Three clients by three generators, in clients/."""
    document = f"{service}.json"
    npx("openapi-typescript", document, "--output", f"clients/typescript/{service}.ts")
    orval = ("--input", document, "--output", f"clients/orval/{service}.ts", "--client", "fetch")
    npx("orval", *orval)
    npx(
        "openapi-ts",
        "--input",
        document,
        "--output",
        f"clients/hey-api/{service}",
        "--client",
        "@hey-api/client-fetch",
    )


def python_judges() -> Path:
    """The environment with the Python generator and its own type checker."""
    place = WORKSHOP / "python"
    stamp = place / ".installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(PYTHON_JUDGES):
        venv.create(place, with_pip=True, clear=True)
        run(str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *PYTHON_JUDGES)
        stamp.write_text("\n".join(PYTHON_JUDGES))
    return place / "bin"


def make_python_client(service: str) -> None:
    """A client by openapi-python-client that mypy finds nothing in."""
    tools, client = python_judges(), f"clients/python/{service}"
    shutil.rmtree(WORKSHOP / client, ignore_errors=True)
    (WORKSHOP / "clients" / "python").mkdir(parents=True, exist_ok=True)
    run(
        str(tools / "openapi-python-client"),
        "generate",
        "--path",
        f"{service}.json",
        "--output-path",
        client,
        "--meta",
        "none",
        "--fail-on-warning",
    )
    run(str(tools / "mypy"), "--strict", "--python-executable", sys.executable, client)
