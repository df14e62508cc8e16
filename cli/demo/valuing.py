"""Was it worth it? Initiatives with their promises, from demand to approved reviews."""

from typing import Any

from cli.calling import System
from cli.demo.loading import Items, send_bulk
from cli.demo.stage import Stage
from shared.clients.base import ServiceClient

STEPS = {"proposed": "approve", "approved": "start", "in_delivery": "go-live"}
REVIEW_STEPS = {"scheduled": "start", "in_progress": "submit", "submitted": "approve"}
REVIEWS = "/v1/post-implementation-reviews"


def tell_initiative(
    stage: Stage, system: System, value: dict[str, Items], wanted: dict[str, Any], until: str
) -> dict[str, Any]:
    """An initiative with its promise and cash flows, taken to a stage; one that is there stays."""
    valuation, code = system.valuation, wanted["code"]
    with stage.step(f"initiative {code}: promise, cash flows, {until.replace('_', ' ')}"):
        initiative = _find(valuation, code)
        if initiative is None:
            send_bulk(valuation, "/v1/initiatives/bulk", [wanted])
            initiative = next(valuation.walk("/v1/initiatives", code=code))
        path = f"/v1/initiatives/{initiative['id']}"
        if initiative["stage"] == "proposed":
            promises = _of(value["value_expectations"], code)
            send_bulk(valuation, f"{path}/value-expectations/bulk", promises)
        send_bulk(valuation, f"{path}/cash-flows/bulk", _of(value["cash_flows"], code))
        while initiative["stage"] != until and initiative["stage"] in STEPS:
            step = STEPS[initiative["stage"]]
            initiative = valuation.request("POST", f"{path}/{step}", body={}).json()
    return initiative


def hold_reviews(stage: Stage, system: System, notes: Items) -> Items:
    """Every review that going live has scheduled, taken to its approval with what is noted.

    A note has its initiative, lessons and, if there are any, findings and actions.
    """
    noted = {note["initiative"]: note for note in notes}
    with stage.step("post-implementation reviews, approved"):
        return [
            _approve(system.valuation, review["id"], noted[review["initiative"]])
            for review in list(system.valuation.walk(REVIEWS))
        ]


def _approve(valuation: ServiceClient, review_id: str, note: dict[str, Any]) -> dict[str, Any]:
    path = f"{REVIEWS}/{review_id}"
    review: dict[str, Any] = valuation.request("GET", path).json()
    while review["state"] in REVIEW_STEPS:
        step = REVIEW_STEPS[review["state"]]
        if step == "submit":
            _write_notes(valuation, path, review, note)
        review = valuation.request("POST", f"{path}/{step}", body={}).json()
    return review


def _write_notes(
    valuation: ServiceClient, path: str, review: dict[str, Any], note: dict[str, Any]
) -> None:
    lessons = {"lessons": note["lessons"]}
    valuation.request("PATCH", path, body=lessons, headers={"If-Match": "*"})
    for kind in ("findings", "actions"):
        for item in note.get(kind, [])[len(review[kind]) :]:
            valuation.request("POST", f"{path}/{kind}", body=item)


def evaluate(system: System, initiative: dict[str, Any]) -> dict[str, Any]:
    """The named figures of the initiative's plan."""
    path = f"/v1/initiatives/{initiative['id']}/evaluation"
    query = {"discount_rate": "0.08", "basis": "plan", "convention": "dated"}
    figures: dict[str, Any] = system.valuation.request("GET", path, query=query).json()["figures"]
    return figures


def _find(valuation: ServiceClient, code: str) -> dict[str, Any] | None:
    return next(valuation.walk("/v1/initiatives", code=code), None)


def _of(items: Items, code: str) -> Items:
    """What belongs to an initiative, as its own collection takes it."""
    return [
        {name: each for name, each in item.items() if name != "initiative"}
        for item in items
        if item["initiative"] == code
    ]
