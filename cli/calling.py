"""How a command finds the services and its key, and waits for their work."""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cli.data_folder import DataFolder
from cli.system.listeners import SERVICES
from shared.clients.base import ServiceClient
from shared.errors import Problem, Unauthenticated, Unavailable

JOB_WAIT_SECONDS = 2

Progress = Callable[[float], None]


class JobFailedError(Exception):
    """A job ended without success; `problem` is what the service says about it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.problem: dict[str, Any] = job.get("problem") or {"code": job["status"]}
        detail = self.problem.get("detail", f"the job was {job['status']}")
        super().__init__(f"{job['kind']}: {detail}")


@dataclass
class System:
    """A client for each of the three services, with one key."""

    ingest: ServiceClient
    allocation: ServiceClient
    valuation: ServiceClient

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as closing:
            for client in (self.ingest, self.allocation, self.valuation):
                closing.callback(client.close)


def connect(data_dir: Path, key_file: Path | None, language: str = "en") -> System:
    """The running system of a data folder; BTIM_<SERVICE>_URL and BTIM_KEY_FILE name another."""
    known = _addresses(DataFolder(data_dir.absolute()))
    path = key_file or Path(os.environ.get("BTIM_KEY_FILE", known["admin_key_file"]))
    try:
        key = path.read_text().strip()
    except OSError as error:
        raise Unauthenticated(f"the key file {path} cannot be read") from error
    return System(
        *(
            ServiceClient(known[service], key, timeout_seconds=90, language=language)
            for service in SERVICES
        )
    )


def _addresses(folder: DataFolder) -> dict[str, str]:
    """From the environment or the running system; a key is never sent to a guessed address."""
    known = {"admin_key_file": str(folder.admin_key_file)}
    if folder.address_file.exists():
        known |= json.loads(folder.address_file.read_text())
    for name in SERVICES:
        variable = f"BTIM_{name.upper()}_URL"
        known[name] = os.environ.get(variable, known.get(name, ""))
        if not known[name]:
            raise Unavailable(f"nothing runs in {folder.path}; start `btim up` or set {variable}")
    return known


def order(
    client: ServiceClient,
    path: str,
    collection: str,
    progress: Progress,
    **sent: Any,
) -> dict[str, Any]:
    """POST something that may take long, follow its job, answer the finished thing itself.

    `collection` is where the thing is read afterwards. Raises Problem when it is refused and
    JobFailedError when its job does not succeed.
    """
    answer = client.request("POST", path, **sent)
    content: dict[str, Any] = answer.json()
    if answer.status_code == 202:
        follow(client, content["job"], progress)
        content = client.request("GET", f"{collection}/{content['id']}").json()
    progress(1.0)
    return content


def follow(client: ServiceClient, job: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Wait for a job to end, telling its progress."""
    while job["status"] in {"queued", "running"}:
        progress(job["progress"])
        answer = client.request("GET", f"/v1/jobs/{job['id']}", query={"wait": JOB_WAIT_SECONDS})
        job = answer.json()
    if job["status"] != "succeeded":
        raise JobFailedError(job)
    return job


def as_document(problem: Problem) -> dict[str, Any]:
    """A problem for robots."""
    return {
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "errors": [
            {"pointer": each.pointer, "code": each.code, "message": each.message}
            for each in problem.errors
        ],
    }
