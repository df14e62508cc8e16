"""Who is bound to consumers learns nothing of others, on any operation; scopes are kept."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.modelling import Modelling, by_driver, direct, ok, send_all
from tests.running import ServiceUnderTest, a_key

Json = dict[str, Any]
Query = dict[str, str]
JANUARY, FEBRUARY = "2026-01", "2026-02"
SEATS = {"EAST-1": 3101, "WEST": 8303}
TELLING = ("8303", "11404", "0.27192", "27.19")
"""The other unit's seats, those of all, and the own share, from which all would follow."""
SHARED = {"healthz", "readyz", "metrics", "get_me", "list_periods", "get_period", "list_taxonomies",
          "get_crosswalk", "get_taxonomy"}  # fmt: skip
"""The calendar, shipped standards and the process itself: nobody's figures."""
OURS = {"layer": "consumer", "code": "EAST-1"}
OWN: dict[str, list[Query]] = {
    "list_consumers": [{}, {"under": "WEST"}, {"code": "WEST"}, {"q": "WEST"}, {"parent": ""}],
    "get_consumer": [{}],
    "list_runs": [{}],
    "get_run": [{}],
    "list_run_balances": [{}, {"rollup": "true"}, {"layer": "pool"}, {"under": "ALL"}],
    "list_run_flows": [{}, {"source": "DESK"}, {"target": "WEST"}, {"sort": "-amount"}],
    "trace_run": [OURS | {"to": to} for to in ("line", "pool", "resource", "solution")]
    + [OURS | {"direction": "forward"}],
    "explain_run": [OURS],
    "compare_runs": [{}, {"layer": "pool"}, {"code": "WEST"}, {"sort": "-after"}],
    "get_consumers_view": [
        {},
        {"level": "1"},
        {"group_by": "tags.region"},
        {"under": "ALL"},
        {"under": "WEST"},
        {"code": "WEST"},
        {"q": "WEST"},
        {"sort": "-share"},
        {"from": JANUARY, "to": FEBRUARY},
        {"period": JANUARY, "scenario": "budget"},
    ],
    "get_object_costs": [
        {"layer": "consumer", "from": JANUARY, "code": "EAST-1"},
        {"layer": "consumer", "from": JANUARY, "code": "EAST", "scenario": "budget"},
        {"layer": "consumer", "from": JANUARY},
    ],
    "list_budgets": [{}, {"object": "WEST"}, {"layer": "pool"}],
    "get_budget": [{}],
    "list_budget_alerts": [{}, {"object": "WEST"}],
    "get_budget_alert": [{}],
    "list_statements": [{}, {"consumer": "WEST"}, {"under": "ALL"}, {"status": "draft"}],
    "get_statement_totals": [{}, {"consumer": "WEST"}, {"under": "ALL"}],
    "get_statement": [{}],
    "create_dispute": [{}],
    "list_disputes": [{}, {"consumer": "WEST"}],
    "get_dispute": [{}],
    "get_dispute_statistics": [{}, {"consumer": "WEST"}],
    "list_jobs": [{}],
    "get_job": [{}],
    "cancel_job": [{}],
}
"""What a bound caller may ask for, and how it is asked here: each answer holds its own part."""
EXPORTED = {"list_consumers", "list_run_balances", "list_run_flows", "trace_run", "compare_runs",
            "get_consumers_view", "list_budgets", "list_budget_alerts", "list_statements",
            "get_statement"}  # fmt: skip
APPROVED = {"approve_model_version", "reject_model_version", "close_period", "reopen_period",
            "uphold_dispute", "reject_dispute", "correct_dispute"}  # fmt: skip
EVALUATED = {"preview_mapping", "preview_model_version_impact", "create_simulation"}
"""Store nothing (a simulation only when it is to be kept), so that reading is enough."""
FOR_ADMINS = ("audit", "webhook", "api_key", "receive_event")
NEEDED: dict[str, Query] = {
    "list_run_driver_quantities": {"driver": "seats"},
    "get_run_sensitivity": {"layer": "consumer", "code": "WEST", "driver": "seats"},
    "get_crosswalk": {"from": "tbm-5.0.1", "to": "btim"},
}


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


@pytest.fixture(scope="module")
def world(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> World:
    return World(allocation, ingest)


@pytest.fixture(scope="module")
def document(allocation: ServiceUnderTest) -> Json:
    found: Json = ok(allocation.get("/openapi.json"))
    return found


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


def ask(world: World, method: str, path: str, **rest: Any) -> Any:
    headers = {"If-Match": "*", **world.bound, **rest.pop("headers", {})}
    return world.allocation.request(method.upper(), path, headers=headers, **rest)


def required(operation: Json) -> Query:
    """Values of the query parameters that an operation cannot do without."""
    name = operation["operationId"]
    if name in NEEDED:
        return NEEDED[name]
    return {
        one["name"]: "x"
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one.get("required")
    }


def test_every_operation_shows_a_bound_caller_its_own_part_or_nothing(
    world: World, document: Json
) -> None:
    named = {name for name, *_ in operations(document)}
    assert set(OWN) | SHARED <= named
    for name, method, template, operation in operations(document):
        if name in OWN or name in SHARED:
            continue
        body = example_of(document, operation)
        answer = ask(world, method, world.path(template), params=required(operation), json=body)
        assert (answer.status_code, answer.json().get("code")) == (403, "caller_is_bound"), (
            name,
            answer.text,
        )


def own_requests(document: Json, names: set[str]) -> Iterator[tuple[str, str, Query]]:
    for name, method, template, _ in operations(document):
        if name in names and method == "get":
            for query in OWN[name]:
                yield name, template, query


def check_is_own(world: World, name: str, query: Query, text: str) -> None:
    """Nothing of the other unit or of what stands above; own objects do name their parent."""
    left = re.sub(r"(?<=\d),(?=\d{3})", "", text.replace('"parent":"ALL"', ""))
    shown = [one for one in ("WEST", "sunset", "unit ALL", '"ALL"', *TELLING) if one in left]
    assert not shown, (name, query, shown, text[:2000])
    numbers = set(re.findall(r"\d+(?:\.\d+)?", text))
    found = numbers & world.amounts_of_others()
    assert not found, (name, query, found, text[:2000])


def test_what_a_bound_caller_reads_holds_nothing_of_others(world: World, document: Json) -> None:
    base = {"base": world.runs[1].run["id"]}
    for name, template, query in own_requests(document, set(OWN)):
        asked = query | (base if name == "compare_runs" else {})
        answer = ask(world, "get", world.path(template), params=asked)
        assert answer.status_code == (404 if name == "get_job" else 200), (name, query, answer.text)
        check_is_own(world, name, query, answer.text)


def test_what_others_may_read_would_be_seen_to_leak(world: World) -> None:
    run = world.runs[0].run["id"]
    for part in ("balances?layer=pool", "explain?layer=consumer&code=EAST-1", "flows?source=DESK"):
        text = world.allocation.get(f"/v1/runs/{run}/{part}").text
        with pytest.raises(AssertionError):
            check_is_own(world, part, {}, text)


def test_files_hold_no_more_than_answers(world: World, document: Json) -> None:
    base = {"base": world.runs[1].run["id"]}
    for name, template, query in own_requests(document, EXPORTED):
        asked = query | (base if name == "compare_runs" else {})
        headers = {"Accept": "text/csv"}
        answer = ask(world, "get", world.path(template), params=asked, headers=headers)
        assert answer.status_code == 200, (name, answer.text)
        check_is_own(world, name, query, answer.text)


def without_id(answer: Any) -> str:
    return re.sub(r"[0-9a-f-]{36}", "ID", answer.text)


def test_what_belongs_to_others_is_as_unknown_as_what_does_not_exist(
    world: World, document: Json
) -> None:
    own_templates = [
        (name, template)
        for name, method, template, _ in operations(document)
        if name in OWN and method == "get" and template.endswith("_id}")
        and template.split("/")[2] in world.ids
    ]  # fmt: skip
    assert len(own_templates) == len(world.ids)
    for name, template in own_templates:
        assert ask(world, "get", world.path(template)).status_code == 200, name
        others, nobody = (ask(world, "get", world.path(template, code)) for code in ("WEST", None))
        assert (others.status_code, nobody.status_code) == (404, 404), name
        assert without_id(others) == without_id(nobody)
    run = world.runs[0].run["id"]
    for part in ("trace", "explain"):
        texts = []
        for code in ("WEST", "NONE"):
            query = {"layer": "consumer", "code": code}
            answer = ask(world, "get", f"/v1/runs/{run}/{part}", params=query)
            assert answer.status_code == 404
            texts.append(without_id(answer).replace(code, "CODE"))
        assert texts[0] == texts[1]
    for body in ({"statement_line": world.lines["WEST"]}, {"statement_line": str(uuid4())}):
        refused = ask(world, "post", "/v1/disputes", json=body | {"reason": "not ours"})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")


def test_who_is_bound_to_nothing_sees_nothing(world: World) -> None:
    nobody = world.allocation.as_caller(a_key(["allocation:read"], consumers=[]))
    run = world.runs[0].run["id"]
    lists = ("consumers", "statements", "disputes", "budgets", "budget-alerts", "views/consumers",
             f"runs/{run}/balances", f"runs/{run}/flows",
             f"runs/{run}/compare?base={world.runs[1].run['id']}")  # fmt: skip
    for path in lists:
        assert ok(world.allocation.get(f"/v1/{path}", headers=nobody))["items"] == [], path


def test_reading_needs_less_than_writing_and_deciding(world: World, document: Json) -> None:
    reader, writer = (
        world.allocation.as_caller(a_key([f"allocation:{action}"])) for action in ("read", "write")
    )
    for name, method, template, operation in operations(document):
        if name in SHARED or name == "trace_cost_line":
            continue
        body = example_of(document, operation)
        is_decision = name in APPROVED
        for_admins = any(word in name for word in FOR_ADMINS)
        for caller, allowed in (
            (reader, (method == "get" or name in EVALUATED) and not for_admins),
            (writer, not is_decision and not for_admins),
        ):
            if allowed:
                continue
            answer = ask(
                world, method, world.path(template), params=required(operation), json=body,
                headers=caller,
            )  # fmt: skip
            assert (answer.status_code, answer.json().get("code")) == (403, "scope_missing"), name
