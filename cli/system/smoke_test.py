"""Tries every part of a running system once: each service, its workers, and the one address."""

from collections.abc import Iterator
from pathlib import Path

from cli.calling import connect
from cli.data_folder import DataFolder
from cli.system.listeners import SERVICES
from cli.system.supervisor import Addresses
from shared.clients.base import ServiceClient


def try_everything(addresses: Addresses, folder: DataFolder) -> Iterator[str]:
    """A sentence for each thing that works; whatever does not is raised. Nothing is stored."""
    with connect(folder.path, addresses.admin_key_file) as system:
        for service in SERVICES:
            client: ServiceClient = getattr(system, service)
            client.request("GET", "/readyz")
            who = client.request("GET", "/v1/me").json()
            client.request("GET", "/v1/jobs", query={"limit": 1})
            yield f"{service:<11} ready, knows {who['subject']}, lists its jobs"
    if addresses.gateway is not None:
        yield _gateway(addresses.gateway, Path(addresses.admin_key_file))


def _gateway(url: str, key_file: Path) -> str:
    client = ServiceClient(url, key_file.read_text().strip())
    try:
        paths = client.request("GET", "/openapi.json").json()["paths"]
        client.request("GET", "/docs")
    finally:
        client.close()
    return f"{'gateway':<11} {url} shows {len(paths)} paths of {len(SERVICES)} services"
