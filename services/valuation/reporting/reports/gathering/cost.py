"""The cost side of a report, asked from allocation over HTTP: one run and its views."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.valuation.reporting.charts.flow_graph import FlowLink, FlowNode
from services.valuation.reporting.reports.content.inputs import (
    Consumed,
    CostFacts,
    CostRow,
    ReconciliationStep,
    RunFacts,
    UnallocatedRow,
    Unconverted,
)
from services.valuation.reporting.reports.gathering.clear_names import name_apart
from services.valuation.reporting.reports.gathering.months import gather_months
from shared.clients.allocation.figures import AllocationFigures
from shared.contracts.valuation.reports import ReportParameters
from shared.errors import Conflict
from shared.money import EXACT, add_exactly

_VIEW_OF_LAYER = {
    "pool": "finance",
    "resource": "technology",
    "solution": "solutions",
    "consumer": "consumers",
}
ALL_PARTS = frozenset({"layers", "flow", "proof", "unallocated", "months"})
MOST_CONSUMERS_WITH_PARTS = 1_000
NO_FLOW: dict[str, Any] = {"nodes": [], "links": []}


def find_run(
    client: AllocationFigures, period: str, parameters: ReportParameters
) -> dict[str, Any] | None:
    """The run named by the order, else the one published for the period."""
    if parameters.run is not None:
        return client.get_run(str(parameters.run))
    found = client.find_published_run(period, parameters.scenario)
    return client.get_run(found["id"]) if found else None


def get_run(client: AllocationFigures, period: str, parameters: ReportParameters) -> dict[str, Any]:
    """As `find_run`; 409 when there is none, 422 when it is of another period."""
    run = find_run(client, period, parameters)
    if run is None:
        raise Conflict(
            f"no {parameters.scenario} run of {period} is published", code="no_published_run"
        )
    if run["period"] != period:
        raise Conflict(f"run {run['id']} is of {run['period']}", code="run_of_another_period")
    if run["status"] != "succeeded":
        raise Conflict(f"run {run['id']} is {run['status']}", code="run_not_finished")
    return run


def gather_cost(
    client: AllocationFigures,
    run: dict[str, Any],
    parameters: ReportParameters,
    parts: Container[str] = ALL_PARTS,
) -> CostFacts:
    """What a report or chart shows of a run; amounts stay the exact decimals of the wire."""
    identifier = run["id"]
    query = {"level": parameters.level} if parameters.level else {}
    layers = {
        layer: view for layer, view in _VIEW_OF_LAYER.items() if "layers" in parts or view in parts
    }
    items = {layer: _list_view(client, view, identifier, query) for layer, view in layers.items()}
    flow = client.get_flow(identifier, **query) if "flow" in parts else NO_FLOW
    open_ends = list(client.list_unallocated(identifier)) if "unallocated" in parts else []
    name_apart(client, items, [*flow["nodes"], *open_ends])
    rows = {layer: tuple(_rows(layer, found)) for layer, found in items.items()}
    proof = client.get_reconciliation(identifier) if "proof" in parts else {"steps": []}
    return CostFacts(
        run=run_facts(run),
        pools=rows.get("pool", ()),
        towers=rows.get("resource", ()),
        solutions=rows.get("solution", ()),
        consumers=rows.get("consumer", ()),
        flow_nodes=tuple(flow_nodes(flow)),
        flow_links=tuple(flow_links(flow)),
        reconciliation=tuple(_steps(proof)),
        unallocated=tuple(_unallocated(open_ends)),
        months=gather_months(client, run, parameters) if "months" in parts else None,
    )


def _list_view(
    client: AllocationFigures, view: str, run: str, query: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The lines of a view; what each consumer consumes only where there are not too many."""
    if view not in {"solutions", "consumers"}:
        return list(client.list_view(view, run, **query))
    items = list(client.list_view(view, run, parts=0, **query))
    if view == "consumers" and len(items) <= MOST_CONSUMERS_WITH_PARTS:
        return list(client.list_view(view, run, **query))
    return items


def run_facts(run: Mapping[str, Any]) -> RunFacts:
    """A run of the wire as plain values."""
    totals = run["totals"]["cost"]
    accuracy = run.get("accuracy") or {}
    return RunFacts(
        id=run["id"],
        period=run["period"],
        scenario=run["scenario"],
        currency=run["currency"],
        model_version=run["model_version"],
        fingerprint=run["fingerprint"],
        output_hash=run["output_hash"],
        finished_at=datetime.fromisoformat(run.get("finished_at") or run["created_at"]),
        **{
            key: Decimal(totals[key])
            for key in (
                "lines",
                "out_of_scope",
                "input",
                "consumers",
                "retained",
                "unallocated",
                "residual",
            )
        },
        unconverted=tuple(
            Unconverted(item["currency"] or "", Decimal(item["amount"]), item["lines"])
            for item in run.get("unconverted", [])
        ),
        accuracy={key: Decimal(value) for key, value in accuracy.items() if isinstance(value, str)},
        stale=bool(run.get("stale")),
    )


def _row(layer: str, item: Mapping[str, Any], parts: Iterable[tuple[str, Decimal]] = ()) -> CostRow:
    return CostRow(
        layer=layer,
        code=item["code"] or "",
        name=item["name"],
        amount=Decimal(item["amount"]),
        parts=tuple(parts),
        budget=_decimal(item.get("budget")),
        variance=_decimal(item.get("variance")),
        quantity=_decimal(item.get("quantity")),
        unit_cost=_decimal(item.get("unit_cost")),
        consumed=tuple(
            Consumed(part["layer"], part["code"], part["name"], Decimal(part["amount"]))
            for part in item.get("solutions", ())
        ),
    )


def _rows(layer: str, items: Iterable[Mapping[str, Any]]) -> list[CostRow]:
    """One row for each object; the finance view has an item for each pool and cost type."""
    by_code: dict[str | None, list[Mapping[str, Any]]] = {}
    for item in items:
        by_code.setdefault(item["code"], []).append(item)
    part = "cost_type" if layer == "pool" else None
    return [_merged(layer, same, part) for same in by_code.values()]


def _merged(layer: str, items: list[Mapping[str, Any]], part: str | None) -> CostRow:
    first = items[0]
    amounts = [Decimal(item["amount"]) for item in items]
    budgets = [Decimal(item["budget"]) for item in items if item.get("budget") is not None]
    total = add_exactly(amounts)
    budget = add_exactly(budgets) if budgets else None
    parts = (
        [(item.get(part) or "untyped", Decimal(item["amount"])) for item in items] if part else []
    )
    merged = dict(first) | {
        "amount": total,
        "budget": budget,
        "variance": None if budget is None else EXACT.subtract(total, budget),
    }
    return _row(layer, merged, sorted(parts))


def flow_nodes(flow: Mapping[str, Any]) -> list[FlowNode]:
    """The nodes of the flow view; one of no layer gathers what stays unallocated."""
    return [
        FlowNode(node["id"], node["layer"], node["name"], Decimal(node["amount"]))
        for node in flow["nodes"]
    ]


def flow_links(flow: Mapping[str, Any]) -> list[FlowLink]:
    """The links of the flow view."""
    return [
        FlowLink(link["source"], link["target"], Decimal(link["amount"])) for link in flow["links"]
    ]


def _steps(answer: Mapping[str, Any]) -> list[ReconciliationStep]:
    return [
        ReconciliationStep(
            name=step["title"],
            currency=step["currency"],
            left=_labelled(step["left"]),
            right=_labelled(step["right"]),
            difference=Decimal(step["difference"]),
        )
        for step in answer["steps"]
    ]


def _labelled(entries: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, Decimal], ...]:
    return tuple((entry["label"], Decimal(entry["amount"])) for entry in entries)


def _unallocated(items: Iterable[Mapping[str, Any]]) -> list[UnallocatedRow]:
    return [
        UnallocatedRow(
            layer=item["layer"],
            code=item["code"],
            name=item.get("name") or item["code"] or "",
            reason=item["reason"],
            amount=Decimal(item["amount"]),
            owner=item.get("owner"),
            since=item.get("since"),
        )
        for item in items
    ]


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
