"""A company that lives through the API: models, lines, drivers, runs, closings, restatements."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from hypothesis import assume, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.modelling import COLLECTIONS, Figures, Json, Modelling, ok, send_all
from tests.stateful import laws, what_if
from tests.stateful.models import (
    DRIVERS,
    LAYERS,
    World,
    lines,
    mappings,
    measured,
    stage_settings,
)

REFUSALS = {"closed_loop", "near_singular"}
ANYTHING = {"If-Match": "*"}
scenarios = st.sampled_from(["actual", "actual", "actual", "budget"])


def all_months() -> Iterator[str]:
    """Months that no other example uses."""
    for year in range(1900, 10_000):
        for month in range(1, 13):
            yield f"{year}-{month:02}"


class CompanyMachine(RuleBasedStateMachine):
    """One random company in one month of its own; what it should be is kept in plain values."""

    modelling: Modelling
    months: Iterator[str]

    def __init__(self) -> None:
        super().__init__()
        self.period = next(self.months)
        self.world = World(self.period)
        self.lines: dict[tuple[str, str], Json] = {}
        self.closed = False
        self.rate: Decimal | None = None
        self.version: str | None = None
        self.mappings: list[Json] = []
        self.stages: Json = {}
        self.quantities: dict[tuple[str, str], str] = {}
        self.metered: set[tuple[str, str]] = set()
        self.runs: list[Json] = []
        self.published: dict[str, str] = {}
        self.late = 0

    @initialize(data=st.data())
    def found_the_company(self, data: st.DataObject) -> None:
        """Objects, drivers and a first model."""
        valid = {"valid_from": self.period, "valid_to": self.period}
        for layer in LAYERS:
            members = [{"names": {"en": "x"}, **one, **valid} for one in self.world.objects(layer)]
            send_all(self.modelling.allocation, COLLECTIONS[layer], members)
        drivers = [
            {
                "code": self.world.driver(name),
                "names": {"en": name},
                "basis": "estimated" if name == "metered" else "measured",
                "measure": "kwh" if name == "energy" else None,
            }
            for name in DRIVERS
        ]
        send_all(self.modelling.ingest, "drivers", drivers)
        self.change_the_model(data, reviewed=False)
        for scenario in ("actual", "budget"):
            self.send_lines(data.draw(lines()), scenario)
        self.measure(data.draw(measured(self.world)))
        if data.draw(st.sampled_from([True] * 4 + [False])):
            self.set_the_rate(Decimal("0.9"))
        self.run(data, "actual", again=True)

    @rule(data=st.data(), reviewed=st.booleans())
    def change_the_model(self, data: st.DataObject, reviewed: bool) -> None:
        """A new version, published at once or after a review; it retires the former one."""
        self.mappings = data.draw(mappings(self.world))
        self.stages = data.draw(stage_settings(self.world))
        for item in self.mappings:
            note(str(item))
        self._put_the_model(reviewed=reviewed)

    def _put_the_model(self, *, reviewed: bool) -> None:
        modelling = self.modelling
        path = f"/v1/model-versions/{modelling.draft()['id']}"
        send_all(modelling.allocation, "mappings", self.mappings)
        ok(modelling.allocation.patch(path, json={"stages": self.stages}, headers=ANYTHING))
        steps = ("submit", "reject", "submit", "approve", "publish") if reviewed else ("publish",)
        for step in steps:
            version = ok(modelling.allocation.post(f"{path}/{step}"))
        assert version["status"] == "published"
        if self.version:
            former = ok(modelling.allocation.get(f"/v1/model-versions/{self.version}"))
            assert former["status"] == "retired"
        self.version = version["id"]

    @rule(sent=lines(), scenario=scenarios)
    def send_lines(self, sent: list[Json], scenario: str) -> None:
        """Lines of the month; a closed month takes them only as a restatement."""
        items = [
            {"source": self.period, "period": self.period, "scenario": scenario} | line
            for line in sent
        ]
        answer = self._push("cost-lines", items)
        if answer.status_code == 200:
            for line in sent:
                self.lines[scenario, line["external_id"]] = line

    def measure(self, rows: list[Json]) -> None:
        """Quantities of the month."""
        answer = self._push("driver-quantities", [{"period": self.period} | row for row in rows])
        if answer.status_code == 200:
            plain = [row for row in rows if not row["source"]]
            self.quantities |= {(row["driver"], row["target"]): row["quantity"] for row in plain}
            self.metered |= {(row["driver"], row["target"]) for row in rows if row["source"]}

    @precondition(lambda self: self.runs)
    @rule(rate=st.decimals("0.01", "20", places=4))
    def change_the_rate(self, rate: Decimal) -> None:
        """Dollars have another rate from now on."""
        self.set_the_rate(rate)

    def set_the_rate(self, rate: Decimal) -> None:
        """A rate for dollars."""
        row = {"period": self.period, "from": "USD", "to": "EUR", "kind": "average"}
        answer = self._push("exchange-rates", [{**row, "rate": str(rate)}])
        if answer.status_code == 200:
            self.rate = rate

    def _push(self, collection: str, items: list[Json]) -> Any:
        """All or nothing; in a closed month refused first and, every other time, restated."""
        path = f"/v1/{collection}/bulk?atomic=true"
        answer = self.modelling.ingest.post(path, json={"items": items})
        if not self.closed:
            assert answer.status_code == 200, answer.text
            return answer
        assert answer.status_code == 422, answer.text
        assert {one["code"] for one in answer.json()["errors"]} == {"closed_period"}
        self.late += 1
        if self.late % 2:
            return answer
        answer = self.modelling.ingest.post(f"{path}&restate=late", json={"items": items})
        assert answer.status_code == 200, answer.text
        return answer

    @precondition(lambda self: self.runs)
    @rule()
    def close_or_reopen_the_month(self) -> None:
        """Once closed, nothing more comes in but restatements; reopening takes a reason."""
        step = "reopen" if self.closed else "close"
        path = f"/v1/periods/{self.period}/{step}"
        ok(self.modelling.allocation.post(path, json={"reason": "month end"}))
        again = self.modelling.allocation.post(path, json={"reason": "month end"})
        assert again.status_code == 409
        self.closed = not self.closed

    @rule(data=st.data(), scenario=scenarios)
    def run_twice(self, data: st.DataObject, scenario: str) -> None:
        """The same inputs give the same result."""
        self.run(data, scenario, again=True)

    @rule(data=st.data(), scenario=scenarios)
    def change_quantities_and_run(self, data: st.DataObject, scenario: str) -> None:
        """What was measured anew counts in the next run."""
        self.measure(data.draw(measured(self.world)))
        self.run(data, scenario, again=False)

    @rule(data=st.data(), scenario=scenarios)
    def change_the_model_and_run(self, data: st.DataObject, scenario: str) -> None:
        """A new model counts in the next run."""
        self.change_the_model(data, reviewed=False)
        self.run(data, scenario, again=False)

    @precondition(lambda self: len(self.mappings) > 3)
    @rule(data=st.data())
    def drop_a_mapping_as_simulated(self, data: st.DataObject) -> None:
        """What a simulation says of a mapping's end is what the next run then has."""
        gone = data.draw(st.sampled_from(self.mappings[3:]))

        def really() -> None:
            self.mappings = [one for one in self.mappings if one is not gone]
            self._put_the_model(reviewed=False)

        self._foretell({"disable_mapping": gone["code"]}, really)

    @precondition(lambda self: not self.closed and self.quantities)
    @rule(data=st.data(), quantity=st.decimals("0", "900", places=1))
    def measure_as_simulated(self, data: st.DataObject, quantity: Decimal) -> None:
        """What a simulation says of a quantity is what the next run then has."""
        used = {one.get(name) for one in self.mappings for name in ("driver", "capacity_driver")}
        known = sorted(place for place in self.quantities if place[0] in used)
        known = [place for place in known if place not in self.metered]  # a change takes all rows
        if not known:
            return
        driver, target = data.draw(st.sampled_from(known))
        row = {"driver": driver, "source": None, "target": target, "quantity": str(quantity)}
        self._foretell(
            {name: row[name] for name in ("driver", "target", "quantity")},
            lambda: self.measure([row]),
        )

    def _foretell(self, change: Json, really: Callable[[], None]) -> None:
        before = self.modelling.ask_run(self.period, reason="before")
        if before["status"] != "succeeded":
            return
        answer = what_if.simulate(self.modelling, before, change)
        really()
        after = self.modelling.ask_run(self.period, reason="after")
        if answer.status_code != 200:
            assert answer.json()["code"] == (after["problem"] or {}).get("code"), answer.text
            return
        allocation = self.modelling.allocation
        assert after["status"] == "succeeded", after["problem"]
        base, figures = Figures(allocation, before), Figures(allocation, after)
        what_if.check_foretold(answer.json(), base, figures)
        what_if.check_compared(figures, base)
        self.runs += [before, after]

    @precondition(lambda self: len(self.runs) > 1)
    @rule(data=st.data())
    def compare_two_runs(self, data: st.DataObject) -> None:
        """The parts of a difference add up to it, whatever has changed in between."""
        scenario = data.draw(st.sampled_from(sorted({one["scenario"] for one in self.runs})))
        runs = [one for one in self.runs if one["scenario"] == scenario]
        base, run = data.draw(st.sampled_from(runs)), data.draw(st.sampled_from(runs))
        allocation = self.modelling.allocation
        what_if.check_compared(Figures(allocation, run), Figures(allocation, base))

    def run(self, data: st.DataObject, scenario: str, again: bool) -> None:
        """A run ends well and keeps every law, or is refused for a reason that we know."""
        measures = data.draw(st.sampled_from([["cost"], ["cost", "kwh"]]))
        asked: Json = {"scenario": scenario, "measures": measures}
        if self.closed:
            body = {"period": self.period, "currency": "EUR", **asked}
            refused = self.modelling.allocation.post("/v1/runs", json=body)
            assert (refused.status_code, refused.json()["code"]) == (409, "closed_period")
            asked["reason"] = "restated"
        run = self.modelling.ask_run(self.period, **asked)
        if run["status"] == "failed":
            self._check_refusal(run)
            return
        assert run["status"] == "succeeded", run
        assert run["stale"] is False
        self._check(Figures(self.modelling.allocation, run), data)
        if again:
            second = self.modelling.ask_run(self.period, **asked)
            self._check_same(run, second)
        self.runs.append(run)

    def _live(self, scenario: str) -> list[Json]:
        return [
            line for (of, _), line in self.lines.items() if of == scenario and not line["deleted"]
        ]

    def _check_refusal(self, run: Json) -> None:
        code = run["problem"]["code"]
        foreign = any(line["currency"] == "USD" for line in self._live(run["scenario"]))
        if self.rate is None and foreign:
            assert code == "missing_rate"
        else:
            assert code in REFUSALS, run["problem"]
        hidden = self.modelling.allocation.get(f"/v1/runs/{run['id']}/balances")
        assert (hidden.status_code, hidden.json()["code"]) == (409, "run_not_finished")

    def _check(self, figures: Figures, data: st.DataObject) -> None:
        live = self._live(figures.run["scenario"])
        assert figures.run["counts"]["lines"] == len(live)
        euros = sum((Decimal(x["amount"]) for x in live if x["currency"] == "EUR"), Decimal(0))
        dollars = sum((Decimal(x["amount"]) for x in live if x["currency"] == "USD"), Decimal(0))
        exact = euros + dollars * (self.rate or 0)
        unit = Decimal(1).scaleb(-figures.run["precision"])
        assert abs(figures.total("lines") - exact) <= unit
        laws.check_totals(figures)
        for measure in figures.run["measures"]:
            laws.check_balances(figures, measure)
        laws.check_reconciliation(figures)
        laws.check_accuracy(figures)
        for _ in range(2):
            measure = data.draw(st.sampled_from(figures.run["measures"]))
            layer = data.draw(st.sampled_from(LAYERS))
            code = data.draw(st.sampled_from(self.world.codes(layer)))
            direction = data.draw(st.sampled_from(["back", "forward"]))
            place = LAYERS.index(layer)
            ends = ("line", *LAYERS[:place]) if direction == "back" else LAYERS[place + 1 :]
            if ends:
                to = data.draw(st.sampled_from(ends))
                laws.check_trace(figures, measure, layer, code, direction, to)

    @staticmethod
    def _check_same(run: Json, again: Json) -> None:
        for name in ("status", "fingerprint", "output_hash", "totals", "accuracy"):
            assert run[name] == again[name]

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def publish_a_run(self, data: st.DataObject) -> None:
        """It speaks for its month and scenario alone; in a closed month it needs a reason."""
        run = data.draw(st.sampled_from(self.runs))
        answer = self.modelling.allocation.post(f"/v1/runs/{run['id']}/publish")
        speaks_already = self.published.get(run["scenario"]) == run["id"]
        if self.closed and not run["reason"] and not speaks_already:
            assert (answer.status_code, answer.json()["code"]) == (409, "closed_period")
            return
        ok(answer)
        self.published[run["scenario"]] = run["id"]
        query = {"period": self.period, "published": True}
        found = ok(self.modelling.allocation.get("/v1/runs", params=query))["items"]
        assert {one["scenario"]: one["id"] for one in found} == self.published
        assert len(found) == len(self.published)

    @precondition(lambda self: "actual" in self.published)
    @rule()
    def bill_the_month(self) -> None:
        """Bills add up to the rounded total of the published run, their lines to each bill."""
        made = ok(self.modelling.allocation.post("/v1/statements", json={"period": self.period}))
        run = next(run for run in self.runs if run["id"] == self.published["actual"])
        exact = Decimal(run["totals"]["cost"]["consumers"])
        assert made["run"] == run["id"]
        assert abs(Decimal(made["total"]) - exact) <= Decimal("0.005")
        bills = [Decimal(one["amount"]) for one in made["items"]]
        assert sum(bills, Decimal(0)) == Decimal(made["total"])
        for one in made["items"]:
            bill = ok(self.modelling.allocation.get(f"/v1/statements/{one['id']}"))
            lines = [Decimal(line["amount"]) for line in bill["lines"]]
            assert sum(lines, Decimal(0)) == Decimal(one["amount"])
            assert all(amount == round(amount, 2) for amount in lines)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def replay_a_run(self, data: st.DataObject) -> None:
        """Its own inputs and model give its own result, whatever was sent since."""
        run = data.draw(st.sampled_from(self.runs))
        assume(run["status"] == "succeeded")
        fields = {name: run[name] for name in ("scenario", "model_version", "measures")}
        replayed = self.modelling.ask_run(self.period, as_of=run["id"], reason="replay", **fields)
        self._check_same(run, replayed)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def read_an_old_run(self, data: st.DataObject) -> None:
        """A finished run never changes."""
        run = data.draw(st.sampled_from(self.runs))
        now = ok(self.modelling.allocation.get(f"/v1/runs/{run['id']}"))
        self._check_same(run, now)
        laws.check_balances(Figures(self.modelling.allocation, now), "cost")
