"""A company of two units, and its OpenAPI document as tests walk it."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from tests.modelling import Modelling, by_driver, direct, ok, send_all
from tests.running import ServiceUnderTest, a_key

Json = dict[str, Any]
Query = dict[str, str]
JANUARY, FEBRUARY = "2026-01", "2026-02"
SEATS = {"EAST-1": 3101, "WEST": 8303}
TELLING = ("8303", "11404", "0.27192", "27.19")
"""The other unit's seats, those of all, and the own share, from which all would follow."""


class World:
    """One company of two units, of which callers are bound to EAST; ids by collection."""

    def __init__(self, allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
        self.allocation = allocation
        model = Modelling(allocation, ingest)
        model.objects("pool", "CLOUD", "STAFF")
        model.objects("resource", "COMPUTE", "DESK")
        model.objects("solution", "ERP")
        units = [("ALL", None, "all"), ("EAST", "ALL", "sunrise"), ("EAST-1", "EAST", "sunrise"),
                 ("WEST", "ALL", "sunset")]  # fmt: skip
        consumers = [
            {"code": code, "names": {"en": f"unit {code}"}, "parent": parent,
             "tags": {"region": region}}
            for code, parent, region in units
        ]  # fmt: skip
        send_all(allocation, "consumers", consumers)
        model.driver("seats")
        model.publish_model(MAPPINGS, {})
        for period, factor in ((JANUARY, 1), (FEBRUARY, 2)):
            amounts = {"cloud": f"{1370 * factor}.29", "staff": f"{911 * factor}.17"}
            lines = [{"account": name, "amount": amount} for name, amount in amounts.items()]
            model.lines(period, lines)
            model.lines(period, lines, scenario="budget")
            model.quantities("seats", period, SEATS)
            model.quantities("seats", period, SEATS, scenario="budget")
        planned = {"EAST-1": "11.5", "WEST": "777.77", "ALL": "888.88", "CLOUD": "999.99"}
        budgets = [
            {"layer": "pool" if code == "CLOUD" else "consumer", "object": code,
             "period": JANUARY, "amount": amount, "currency": "EUR", "thresholds": ["1"]}
            for code, amount in planned.items()
        ]  # fmt: skip
        send_all(allocation, "budgets", budgets)
        self.runs = [model.run(period, publish=True) for period in (JANUARY, FEBRUARY)]
        self.planned = model.run(JANUARY, publish=True, scenario="budget")
        ok(allocation.post("/v1/statements", json={"period": JANUARY}))
        ok(allocation.post("/v1/statements/issue", json={"period": JANUARY}))
        ok(allocation.post("/v1/statements", json={"period": FEBRUARY}))
        self.statements = self.by_consumer("/v1/statements?period=2026-01", "consumer")
        self.lines = {code: self.line_of(code) for code in ("EAST-1", "WEST")}
        for code in ("EAST-1", "WEST"):
            body = {"statement_line": self.lines[code], "reason": f"too much for {code}"}
            ok(allocation.post("/v1/disputes", json=body))
        self.ids = {
            "consumers": self.by_consumer("/v1/consumers", "code"),
            "statements": self.statements,
            "disputes": self.by_consumer("/v1/disputes", "consumer"),
            "budgets": self.by_consumer("/v1/budgets?layer=consumer", "object"),
            "budget-alerts": self.by_consumer("/v1/budget-alerts?layer=consumer", "object"),
        }
        self.key = a_key(["allocation:admin"], consumers=["EAST"])
        self.bound = allocation.as_caller(self.key)

    def by_consumer(self, path: str, field: str) -> dict[str, str]:
        return {one[field]: one["id"] for one in ok(self.allocation.get(path))["items"]}

    def line_of(self, code: str) -> str:
        statement = ok(self.allocation.get(f"/v1/statements/{self.statements[code]}"))
        return str(statement["lines"][0]["id"])

    def amounts_of_others(self) -> set[str]:
        """Amounts of everything but EAST and below, and of all together."""
        own, others = {"0", "1"}, set[str]()
        for run in (*self.runs, self.planned):
            for item in run.items("balances") + run.items("balances", rollup="true"):
                seen = own if str(item["code"]).startswith("EAST") else others
                names = ("own", "received", "passed_on", "retained", "unallocated")
                seen.update(item[name] for name in names)
            others.update(str(amount) for amount in run.run["totals"]["cost"].values())
        others |= {"777.77", "888.88", "999.99"}
        for flow in (one for run in (*self.runs, self.planned) for one in run.items("flows")):
            (own if flow["target"].startswith("EAST") else others).add(flow["amount"])
        return {amount for amount in others - own if len(amount) > 3}

    def path(self, template: str, code: str | None = "EAST-1") -> str:
        """A path with the ids of what belongs to a consumer; None: of what does not exist."""
        run = self.runs[0].run["id"]
        collection = template.split("/")[2]
        known = self.ids.get(collection, {}).get(code or "", str(uuid4()))
        usual = {"run_id": run, "period": JANUARY, "name": "btim", "line_id": str(uuid4())}
        return re.sub(r"\{(\w+)\}", lambda found: usual.get(found[1], known), template)


MAPPINGS = [
    direct("cloud", "line_to_pool", "CLOUD", source={"account": "cloud"}),
    direct("staff", "line_to_pool", "STAFF", source={"account": "staff"}),
    direct("apps", "pool_to_resource", "COMPUTE", source={"code": "CLOUD"}),
    direct("desk", "pool_to_resource", "DESK", source={"code": "STAFF"}),
    direct("erp", "resource_to_solution", "ERP", source={"code": "COMPUTE"}),
    by_driver("help", "resource_to_consumer", "seats", {}, source={"code": "DESK"}),
    by_driver("use", "solution_to_consumer", "seats", {}),
]


def operations(document: Json) -> Iterator[tuple[str, str, str, Json]]:
    """(name, method, path, operation) of every operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield operation["operationId"], method, path, operation


def example_of(document: Json, operation: Json) -> Any:
    """The example of the body that an operation takes; None without a body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    if "example" in content:
        return content["example"]
    if "examples" in content:
        return next(iter(content["examples"].values()))["value"]
    schema = content["schema"]
    for one in (schema, *schema.get("anyOf", ())):
        found = document["components"]["schemas"].get(one.get("$ref", "").rpartition("/")[2], one)
        if found.get("examples"):
            return found["examples"][0]
        if found.get("title", "").startswith("BulkRequest"):
            return {"items": [{}]}
    raise AssertionError(f"no example for {operation['operationId']}")
