"""What a consumer and all consumers below it are billed: issued statements, else the run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.valuation.reporting.reports.content.statement.facts import BillLine
from services.valuation.reporting.reports.gathering.clear_names import name_apart
from shared.clients.allocation.value_views import AllocationViews
from shared.clients.data_quality import incoming_data
from shared.money import add_exactly

MOST_PARTS = 1000
Json = Mapping[str, Any]


@dataclass(frozen=True)
class ConsumerBill:
    """The fields of the bill, the run that it is of, and the consumers that it takes in."""

    facts: Mapping[str, Any]
    run: str
    members: frozenset[str]
    issued_at: datetime | None
    has_cost: bool
    has_below: bool


def gather_bill(
    client: AllocationViews, run: Json, consumer: str, scenario: str, language: str
) -> ConsumerBill:
    """Own lines, and one line for each consumer directly below with all that is below it.

    An issued statement goes first, but a run that is not published was never billed.
    """
    known = {item["code"]: item for item in client.list_below("consumer", consumer)}
    items = {
        item["code"]: item
        for item in client.list_view("consumers", run["id"], under=consumer, parts=0)
    }
    members = frozenset({consumer, *known, *items})
    issued: Mapping[str, Json] = {}
    if run["published"] and scenario == "actual":
        issued = client.issued_statements(run["period"], members)
    own = _own_lines(client, run, consumer, issued.get(consumer), language)
    below = _lines_below(consumer, known, items, issued)
    of_run = items.keys() - issued.keys()
    billed = issued.get(consumer)
    facts: dict[str, Any] = {
        "consumer": consumer,
        "name": known[consumer]["name"] if consumer in known else consumer,
        "currency": run["currency"],
        "amount": add_exactly([line.amount for line in (*own, *below)]),
        "lines": (*own, *below),
        "unbilled": bool(of_run),
    }
    if billed:
        facts |= {
            "statement_id": billed["id"],
            "statement_code": billed["code"],
            "issued_at": datetime.fromisoformat(billed["issued_at"]),
            "run_amount": None if below else Decimal(billed["run_amount"]),
        }
    instants = [datetime.fromisoformat(each["issued_at"]) for each in issued.values()]
    return ConsumerBill(
        facts=facts,
        run=billed["run"] if billed else run["id"],
        members=members,
        issued_at=max(instants, default=None),
        has_cost=consumer in items,
        has_below=bool(below),
    )


def _own_lines(
    client: AllocationViews, run: Json, consumer: str, issued: Json | None, language: str
) -> list[BillLine]:
    if issued:
        lines = client.get_statement(issued["id"])["lines"]
        name_apart(client, {}, lines)
        names = _driver_names({line["driver"] for line in lines if line["driver"]}, language)
        return [_statement_line(line, names) for line in lines]
    found = client.list_view("consumers", run["id"], code=consumer, parts=MOST_PARTS)
    item = next(iter(found), None)
    name_apart(client, {"consumer": [item] if item else []}, ())
    return _lines_of_run(consumer, item)


def _driver_names(codes: Iterable[str], language: str) -> Mapping[str, str]:
    wanted = sorted(codes)
    if not wanted:
        return {}
    with incoming_data(language) as ingest:
        return {code: ingest.name_of_driver(code) or code for code in wanted}


def _statement_line(line: Json, driver_names: Mapping[str, str]) -> BillLine:
    return BillLine(
        kind=line["kind"],
        layer=line["layer"],
        code=line["code"],
        name=line["name"],
        amount=Decimal(line["amount"]),
        driver=driver_names[line["driver"]] if line["driver"] else None,
        quantity=_decimal(line["quantity"]),
        unit_price=_decimal(line["unit_price"]),
    )


def _lines_of_run(consumer: str, item: Json | None) -> list[BillLine]:
    """The consumer's line of the view; one that the run does not know has no cost."""
    if item is None:
        return []
    lines = [
        BillLine("charge", part["layer"], part["code"], part["name"], Decimal(part["amount"]))
        for part in item["solutions"]
    ]
    for kind, key in (("rest", "solutions_rest"), ("own", "own")):
        if Decimal(item[key]):
            lines.append(BillLine(kind, "consumer", consumer, "", Decimal(item[key])))
    return lines


def _lines_below(
    consumer: str,
    known: Mapping[str, Json],
    items: Mapping[str, Json],
    issued: Mapping[str, Json],
) -> list[BillLine]:
    """One line for each branch of the tree; a consumer that is gone from it has its own."""
    amounts: dict[str, list[Decimal]] = {}
    for code in sorted({*items, *issued} - {consumer}):
        told = issued.get(code) or items[code]
        branch = _branch_of(code, consumer, known)
        amounts.setdefault(branch, []).append(Decimal(told["amount"]))
    return [
        BillLine("below", "consumer", branch, _name_of(branch, known, items), add_exactly(parts))
        for branch, parts in amounts.items()
    ]


def _branch_of(code: str, consumer: str, known: Mapping[str, Json]) -> str:
    at = code
    while at in known and known[at]["parent"] in known and known[at]["parent"] != consumer:
        at = known[at]["parent"]
    return at


def _name_of(code: str, *tables: Mapping[str, Json]) -> str:
    return next((str(table[code]["name"]) for table in tables if code in table), code)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
