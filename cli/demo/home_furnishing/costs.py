"""The cost side: files, objects and model go in, every month is run, published and billed."""

from typing import Any

from cli.calling import System, order
from cli.demo.home_furnishing.company import Furniture
from cli.demo.loading import import_file, load_taxonomies, publish_model, send_bulk
from cli.demo.stage import Stage

TAXONOMY = "btim"
COST_FILES = (
    "consumers.csv",
    "driver-quantities.csv",
    "assets.csv",
    "tickets.csv",
    "ledger.csv",
)


def load_costs(stage: Stage, system: System, company: Furniture) -> dict[str, dict[str, Any]]:
    """Taxonomy, objects, drivers, the model and the files of the cost side; answers the imports."""
    load_taxonomies(stage, system, (TAXONOMY,))
    model = company.model
    with stage.step("profile, drivers, resources, solutions, budgets, emission factors"):
        send_bulk(system.ingest, "/v1/profiles/bulk", company.profiles)
        send_bulk(system.ingest, "/v1/drivers/bulk", model["drivers"])
        for name in ("resources", "solutions", "budgets", "emission_factors"):
            send_bulk(system.allocation, f"/v1/{name.replace('_', '-')}/bulk", model[name])
    imports = {name: import_file(stage, system, company.file(name)) for name in COST_FILES}
    publish_model(stage, system, model["mappings"])
    return imports


def bill(stage: Stage, system: System, period: str) -> None:
    """The statements of a month, issued; those that are issued stay."""
    with stage.step(f"statements {period}, issued") as share:
        body = {"period": period}
        if not list(system.allocation.walk("/v1/statements", period=period)):
            order(system.allocation, "/v1/statements", "/v1/statements", share, body=body)
        system.allocation.request("POST", "/v1/statements/issue", body=body)


def complain(stage: Stage, system: System, period: str, solutions: set[str], most: int) -> None:
    """Dealers dispute lines of these solutions on their bills of a month, so many of them."""
    with stage.step(f"{most} disputes about {period}"):
        done = len(list(system.allocation.walk("/v1/disputes", period=period)))
        for line in _lines_of_dealers(system, period, solutions)[done:most]:
            body = {"statement_line": line["id"], "reason": "与本区门店实际使用不符"}
            system.allocation.request("POST", "/v1/disputes", body=body)


def _lines_of_dealers(system: System, period: str, solutions: set[str]) -> list[dict[str, Any]]:
    lines = []
    for one in system.allocation.walk("/v1/statements", period=period):
        if one["consumer"].startswith("dealers/"):
            whole = system.allocation.request("GET", f"/v1/statements/{one['id']}").json()
            lines += [line for line in whole["lines"] if line["solution"] in solutions]
    return sorted(lines, key=lambda line: (line["solution"], line["id"]))
