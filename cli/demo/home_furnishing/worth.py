"""The value side of the furniture maker: what was measured, promised, paid and reviewed."""

from typing import Any

from cli.calling import System
from cli.demo.home_furnishing.company import Furniture
from cli.demo.loading import Items, import_file, send_bulk
from cli.demo.stage import Stage
from cli.demo.valuing import hold_reviews, tell_initiative

PACK = "crm"  # what the company defines itself of it stays as it is


def load_value(stage: Stage, system: System, company: Furniture) -> dict[str, Any]:
    """Stages, KPIs, what was measured, and every initiative as far as it came; the import."""
    value = company.value
    with stage.step(f"value chain, {len(value['value_kpis'])} value KPIs, feedback"):
        for name in ("value_chain_stages", "value_kpis", "feedback"):
            send_bulk(system.valuation, f"/v1/{name.replace('_', '-')}/bulk", value[name])
    with stage.step(f"KPI pack {PACK}"):
        system.valuation.request("POST", f"/v1/kpi-packs/{PACK}/load", body={})
    done = import_file(stage, system, company.file("observations.csv"))
    for planned in value["initiatives"]:
        tell_initiative(stage, system, value, planned["initiative"], planned["until"])
    return done


def review_all(stage: Stage, system: System, company: Furniture) -> Items:
    """Every review that is due, taken to its approval with what was learnt."""
    return hold_reviews(stage, system, company.value["reviews"])
