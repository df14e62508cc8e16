"""Acts one and two: the files go in, then the taxonomies, the objects and the model."""

from typing import Any

from cli.calling import System, order
from cli.demo.company import TAXONOMIES, Company, ImportOrder
from cli.demo.stage import Share, Stage
from shared.clients.base import ServiceClient
from shared.errors import RuleBroken


def load_taxonomies(stage: Stage, system: System) -> None:
    """The standard objects, loaded once; loading them again changes nothing."""
    for name in TAXONOMIES:
        with stage.step(f"taxonomy {name}") as share:
            order(
                system.allocation,
                f"/v1/taxonomies/{name}/load",
                "/v1/taxonomies",
                share,
                body={},
                headers={"Idempotency-Key": f"demo-load-{name}"},
            )


def import_files(stage: Stage, system: System, company: Company) -> list[dict[str, Any]]:
    """Every file of the company; answers the finished imports in their order."""
    send_bulk(system.ingest, "/v1/profiles/bulk", company.profiles)
    done = []
    for wanted in company.imports:
        with stage.step(f"import {wanted.title}") as share:
            done.append(_import_file(system, wanted, share))
    return done


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


def load_model(stage: Stage, system: System, company: Company) -> None:
    """The company's own objects, then its mappings as a published version."""
    with stage.step("solutions, applications and sub-accounts"):
        for collection, items in company.objects.items():
            send_bulk(system.allocation, f"/v1/{collection}/bulk", items)
    with stage.step(f"{len(company.mappings)} mappings, published") as share:
        if _is_published(system, company):
            return
        share(0.3)
        send_bulk(system.allocation, "/v1/mappings/bulk", company.mappings)
        share(0.7)
        versions = system.allocation.walk("/v1/model-versions")
        draft = next(version for version in versions if version["status"] == "draft")
        system.allocation.request("POST", f"/v1/model-versions/{draft['id']}/publish", body={})


def _is_published(system: System, company: Company) -> bool:
    """Whether the published version says just what the file says."""
    versions = system.allocation.walk("/v1/model-versions")
    if not any(version["status"] == "published" for version in versions):
        return False
    known = {
        mapping["code"]: mapping
        for mapping in system.allocation.walk("/v1/mappings", model_version="published")
    }
    return set(known) == {wanted["code"] for wanted in company.mappings} and all(
        all(known[wanted["code"]].get(name) == value for name, value in wanted.items())
        for wanted in company.mappings
    )


def send_bulk(client: ServiceClient, path: str, items: list[dict[str, Any]]) -> None:
    """Upsert the items; the first that is refused is raised."""
    answer = client.request("POST", path, body={"items": items}, repeatable=True).json()
    for result in answer["results"]:
        if result["status"] == "error":
            error = result["error"]
            name = items[result["index"]].get("code", result["index"])
            raise RuleBroken(f"{path}: {name}: {error['detail']}", code=error["code"])
