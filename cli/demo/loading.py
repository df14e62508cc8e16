"""Files, standard objects and the model go in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.calling import System, order
from cli.demo.stage import Share, Stage
from shared.clients.base import ServiceClient
from shared.errors import RuleBroken

Items = list[dict[str, Any]]


@dataclass(frozen=True)
class ImportOrder:
    """One file and the form it is sent with."""

    title: str
    path: Path
    form: dict[str, str]


def load_taxonomies(stage: Stage, system: System, names: Sequence[str]) -> None:
    """The standard objects, loaded once; loading them again changes nothing."""
    for name in names:
        with stage.step(f"taxonomy {name}") as share:
            order(
                system.allocation,
                f"/v1/taxonomies/{name}/load",
                "/v1/taxonomies",
                share,
                body={},
                headers={"Idempotency-Key": f"demo-load-{name}"},
            )


def import_file(stage: Stage, system: System, wanted: ImportOrder) -> dict[str, Any]:
    """One file; answers the finished import."""
    with stage.step(f"import {wanted.title}") as share:
        return _import_file(system, wanted, share)


def _import_file(system: System, wanted: ImportOrder, share: Share) -> dict[str, Any]:
    with wanted.path.open("rb") as content:
        return order(
            system.ingest,
            "/v1/imports",
            "/v1/imports",
            share,
            form=wanted.form,
            files={"file": (wanted.path.name, content)},
        )


def publish_model(stage: Stage, system: System, mappings: Items) -> None:
    """Mappings as a published version; nothing happens if it says just this already."""
    with stage.step(f"{len(mappings)} mappings, published") as share:
        if _is_published(system, mappings):
            return
        share(0.3)
        send_bulk(system.allocation, "/v1/mappings/bulk", mappings)
        share(0.7)
        versions = system.allocation.walk("/v1/model-versions")
        draft = next(version for version in versions if version["status"] == "draft")
        system.allocation.request("POST", f"/v1/model-versions/{draft['id']}/publish", body={})


def _is_published(system: System, mappings: Items) -> bool:
    """Whether the published version says just what these mappings say."""
    versions = system.allocation.walk("/v1/model-versions")
    if not any(version["status"] == "published" for version in versions):
        return False
    known = {
        mapping["code"]: mapping
        for mapping in system.allocation.walk("/v1/mappings", model_version="published")
    }
    return set(known) == {wanted["code"] for wanted in mappings} and all(
        all(known[wanted["code"]].get(name) == value for name, value in wanted.items())
        for wanted in mappings
    )


def send_bulk(client: ServiceClient, path: str, items: Items) -> None:
    """Upsert the items; the first that is refused is raised."""
    answer = client.request("POST", path, body={"items": items}, repeatable=True).json()
    for result in answer["results"]:
        if result["status"] == "error":
            error = result["error"]
            name = items[result["index"]].get("code", result["index"])
            raise RuleBroken(f"{path}: {name}: {error['detail']}", code=error["code"])
