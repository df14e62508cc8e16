"""A model, its facts and its runs over the public API, as every test of figures needs them."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from httpx2 import Client

from tests.running import ServiceUnderTest

Json = dict[str, Any]
COLLECTIONS = {
    "pool": "cost-pools",
    "resource": "resources",
    "solution": "solutions",
    "consumer": "consumers",
}


def ok(answer: Any) -> Any:
    """The body of an answer that must be a good one."""
    assert answer.status_code in {200, 201, 202}, answer.text
    return answer.json()


def send_all(client: Client, collection: str, items: Sequence[Json]) -> None:
    """Every item or none, in one bulk call; nothing is asked for no items."""
    if items:
        ok(client.post(f"/v1/{collection}/bulk?atomic=true", json={"items": list(items)}))


class Figures:
    """One finished run, read through its endpoints; amounts are exact decimals."""

    def __init__(self, allocation: Client, run: Json) -> None:
        self.allocation = allocation
        self.run = run
        self.path = f"/v1/runs/{run['id']}"

    def ask(self, part: str, **query: Any) -> Any:
        """The answer of one of the run's own endpoints."""
        return ok(self.allocation.get(f"{self.path}/{part}", params=query))

    def items(self, part: str, **query: Any) -> list[Json]:
        """Every item of one of the run's lists, over all its pages."""
        found: list[Json] = []
        cursor = None
        while True:
            asked = query | ({"cursor": cursor} if cursor else {})
            page = self.ask(part, limit=1000, **asked)
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return found

    def total(self, name: str, measure: str = "cost") -> Decimal:
        """One of the run's totals."""
        return Decimal(self.run["totals"][measure][name])

    def balance(self, layer: str, code: str | None, **query: Any) -> dict[str, Decimal]:
        """own, received, passed_on, retained and unallocated of one object."""
        found = [one for one in self.items("balances", layer=layer, **query) if one["code"] == code]
        (item,) = found
        kinds = ("own", "received", "passed_on", "retained", "unallocated")
        return {kind: Decimal(item[kind]) for kind in kinds}

    def holding(self, layer: str, code: str, **query: Any) -> Decimal:
        """All that an object had: its own and what it received."""
        balance = self.balance(layer, code, **query)
        return balance["own"] + balance["received"]

    def flow(self, source: str, target: str, **query: Any) -> Decimal:
        """What went from one object to another, over all mappings."""
        items = self.items("flows", source=source, target=target, **query)
        return sum((Decimal(one["amount"]) for one in items), Decimal(0))

    def left(self, reason: str, code: str | None) -> Decimal:
        """What stayed on an object for a reason."""
        items = self.items("unallocated")
        amounts = [
            Decimal(one["amount"])
            for one in items
            if (one["reason"], one["code"]) == (reason, code)
        ]
        return sum(amounts, Decimal(0))


class Modelling:
    """Sends objects, mappings and facts, and runs them, as the clients of the services do."""

    def __init__(self, allocation: Client, ingest: Client, currency: str = "EUR") -> None:
        self.allocation = allocation
        self.ingest = ingest
        self.currency = currency

    def objects(self, layer: str, *codes: str, **fields: Any) -> None:
        """Objects of one layer that share these fields."""
        items = [{"code": code, "names": {"en": code}, **fields} for code in codes]
        send_all(self.allocation, COLLECTIONS[layer], items)

    def draft(self, base: str | None = None) -> Json:
        """A new draft, empty unless a base is given; a draft that was left open goes."""
        for left in ok(self.allocation.get("/v1/model-versions?status=draft"))["items"]:
            path = f"/v1/model-versions/{left['id']}"
            assert self.allocation.delete(path, headers={"If-Match": "*"}).status_code == 204
        made: Json = ok(self.allocation.post("/v1/model-versions", json={"base": base}))
        return made

    def publish_model(self, mappings: Sequence[Json], stages: Mapping[str, Json]) -> Json:
        """A new published version that holds just these mappings and stage settings."""
        path = f"/v1/model-versions/{self.draft()['id']}"
        send_all(self.allocation, "mappings", mappings)
        anything = {"If-Match": "*"}
        ok(self.allocation.patch(path, json={"stages": dict(stages)}, headers=anything))
        published: Json = ok(self.allocation.post(f"{path}/publish"))
        return published

    def lines(self, period: str, lines: Iterable[Json], scenario: str = "actual") -> None:
        """Cost lines of a period; what a line does not say is numbered or usual."""
        items = [
            {
                "external_id": f"{period}/{scenario}/{place}",
                "source": "ledger",
                "period": period,
                "currency": self.currency,
                "scenario": scenario,
                **line,
            }
            for place, line in enumerate(lines)
        ]
        send_all(self.ingest, "cost-lines", items)

    def driver(self, code: str, **fields: Any) -> None:
        """A driver, measured unless said otherwise."""
        send_all(self.ingest, "drivers", [{"code": code, "names": {"en": code}, **fields}])

    def quantities(
        self,
        driver: str,
        period: str,
        quantities: Mapping[str, Any],
        source: str | None = None,
        scenario: str = "actual",
    ) -> None:
        """Quantities of a driver by target, of one source if one is named."""
        items = [
            {
                "driver": driver,
                "period": period,
                "scenario": scenario,
                "source": source,
                "target": target,
                "quantity": str(quantity),
            }
            for target, quantity in quantities.items()
        ]
        send_all(self.ingest, "driver-quantities", items)

    def ask_run(self, period: str, **fields: Any) -> Json:
        """A run, worked off whether it ends well or not."""
        asked = {"period": period, "currency": self.currency, **fields}
        made = ok(self.allocation.post("/v1/runs", json=asked))
        self.work_off(made)
        run: Json = ok(self.allocation.get(f"/v1/runs/{made['id']}"))
        return run

    def work_off(self, ordered: Json) -> None:
        """Do the work that was ordered; who has workers waits for them instead."""
        assert isinstance(self.allocation, ServiceUnderTest)
        self.allocation.run_jobs()

    def run(self, period: str, *, publish: bool = False, **fields: Any) -> Figures:
        """A run that must succeed, published if so asked."""
        run = self.ask_run(period, **fields)
        assert run["status"] == "succeeded", run["problem"]
        if publish:
            run = ok(self.allocation.post(f"/v1/runs/{run['id']}/publish"))
        return Figures(self.allocation, run)


def direct(code: str, stage: str, target: str, **fields: Any) -> Json:
    """A mapping of all that its source means to one object."""
    return {
        "code": code,
        "stage": stage,
        "method": "direct",
        "target": {"object": target},
        **fields,
    }


def by_driver(code: str, stage: str, driver: str, target: Json, **fields: Any) -> Json:
    """A mapping by the quantities of a driver."""
    return {
        "code": code,
        "stage": stage,
        "method": "driver",
        "driver": driver,
        "target": target,
        **fields,
    }
