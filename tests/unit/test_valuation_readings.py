"""How a month's value is found over formulas: in what order, how often, and what is asked."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.valuation.measures.value_kpis import asked_figures
from services.valuation.measures.value_kpis.asked_figures import AskedFigures
from services.valuation.measures.value_kpis.benchmarks import choose_benchmarks
from services.valuation.measures.value_kpis.formulas import parse_formula
from services.valuation.measures.value_kpis.series import Reading, Readings, Rule, Seen, Wish
from services.valuation.measures.value_kpis.workflow import outside_leaves
from shared.contracts.allocation.benchmarks import BenchmarkAnswer
from shared.contracts.allocation.object_costs import ObjectCostsAnswer
from shared.contracts.ingest.driver_totals import DriverTotalsAnswer
from shared.contracts.ingest.ticket_statistics import TicketStatisticsAnswer
from shared.errors import Unavailable
from shared.periods import period_range

D = Decimal
MONTH = "2026-01"


def rule(formula: str | None, unit: str | None = None) -> Rule:
    return Rule("mean", parse_formula(formula) if formula else None, unit)


def read(rules: dict[str, Rule], code: str, **seen: str) -> Reading:
    found = {(name, MONTH): [Seen(MONTH, D(value), "")] for name, value in seen.items()}
    return Readings(rules, found).read(code, MONTH, Wish())


def test_formulas_that_go_round_nevertheless_give_a_reason() -> None:
    rules = {"hen": rule("egg + 1"), "egg": rule("hen + 1"), "fox": rule("hen * 2")}
    assert read(rules, "egg").reason == "formula_cycle"
    assert read(rules, "fox").reason == "formula_cycle"
    assert read(rules, "fox", egg="3").value == 8


def test_thousands_of_formulas_behind_one_are_read() -> None:
    chain = {f"k{at}": rule(f"k{at + 1} + 1") for at in range(3000)}
    assert read({**chain, "k3000": rule(None)}, "k0", k3000="0").value == 3000


def test_every_kpi_of_a_month_is_worked_out_once() -> None:
    rules = {"a60": rule("1"), "b60": rule("1")}
    for at in range(60):
        both = rule(f"a{at + 1} / 2 + b{at + 1} / 2")
        rules |= {f"a{at}": both, f"b{at}": both}
    assert read(rules, "a0").value == 1


def test_a_part_without_a_value_is_named() -> None:
    rules = {"share": rule("cost / revenue"), "cost": rule(None), "revenue": rule(None)}
    found = read(rules, "share", cost="1")
    assert (found.reason, found.missing) == ("missing_value", ("revenue",))


class Answers:
    """Ingest and allocation as their clients show them; counts what is asked."""

    def __init__(self, *, fail: bool = False) -> None:
        self.fail = fail
        self.asked: list[str] = []

    def close(self) -> None:
        """Nothing is open."""

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fail:
            raise Unavailable("nobody answers")

    def driver_totals(
        self, drivers: Sequence[str], first: str, last: str, **limits: str
    ) -> DriverTotalsAnswer:
        self._ask(f"drivers {len(drivers)} {limits}")
        months = [{"period": month, "quantity": "4"} for month in period_range(first, last)]
        items = [
            {"driver": code, "known": True, "unit": None, "months": months} for code in drivers
        ]
        about = {"from": first, "to": last, "scenario": "actual", "target": None, "source": None}
        return DriverTotalsAnswer.model_validate({**about, "items": items})

    def tickets_by_month(
        self, first: str, last: str, limits: dict[str, str]
    ) -> TicketStatisticsAnswer:
        self._ask(f"tickets {limits}")
        names = "opened resolved resolved_before_opened closed reopened sla_met sla_known backlog"
        figures = dict.fromkeys(names.split(), 3)
        hours = ["resolution", "mttr", "median", "p90", "longest"]
        figures_of_time = {f"{name}_hours": "6" for name in hours}
        total = {
            "key": None, **figures, **figures_of_time, "sla_met_share": "1", "reopen_rate": "1",
        }  # fmt: skip
        months = [
            {"period": month, "items": [], "total": total} for month in period_range(first, last)
        ]
        return TicketStatisticsAnswer.model_validate(
            {"period": None, "from": first, "to": last, "by": None, "items": [], "total": total,
             "months": months}
        )  # fmt: skip

    def object_costs(
        self, layer: str, codes: Sequence[str], first: str, last: str
    ) -> ObjectCostsAnswer:
        self._ask(f"costs {layer} {codes}")
        run = {"period": MONTH, "run": uuid4(), "currency": "CNY"}
        amounts = {"own": "0", "received": "25", "cost": "25", "reason": None}
        items = [{"code": code, "known": True, "months": [{**run, **amounts}]} for code in codes]
        about = {
            "from": first, "to": last, "layer": layer, "scenario": "actual", "measure": "cost",
        }  # fmt: skip
        runs = [{**run, "total": "100"}]
        return ObjectCostsAnswer.model_validate({**about, "runs": runs, "items": items})


FORMULAS = {
    "one": "vcpu + gb",
    "two": 'driver("vcpu") * 2',
    "three": 'driver("vcpu", target="ERP") + tickets()',
    "four": 'tickets("hours") + cost() / cost("solution", "CRM")',
    "five": 'cost("solution", "CRM") * 3',
}


def read_all(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Reading]]:
    def client(*_: Any) -> Any:
        return answers

    monkeypatch.setattr(asked_figures, "_ingest", client)
    monkeypatch.setattr(asked_figures, "allocation_costs", client)
    rules = {code: rule(formula) for code, formula in FORMULAS.items()}
    months = list(period_range(MONTH, "2026-12"))
    readings = Readings(rules, {}, AskedFigures(outside_leaves(rules), months[0], months[-1]))
    return {code: [readings.read(code, month, Wish()) for month in months] for code in rules}


def test_a_figure_is_asked_once_for_all_months_and_formulas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = Answers()
    found = read_all(answers, monkeypatch)
    assert [found[code][0].value for code in FORMULAS] == [8, 8, 7, 10, 75]
    assert found["five"][1].reason == "no_published_run"
    assert sorted(answers.asked) == [
        "costs solution ['CRM']",
        "drivers 1 {'target': 'ERP'}",
        "drivers 2 {}",
        "tickets {}",
    ]


def test_a_service_that_is_silent_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(fail=True)
    found = read_all(answers, monkeypatch)
    assert {reading.reason for reading in found["one"]} == {"ingest_unreachable"}
    assert {reading.reason for reading in found["five"]} == {"allocation_unreachable"}
    assert len(answers.asked) == 2


def a_benchmark(day: str, median: str, currency: str | None = None) -> BenchmarkAnswer:
    return BenchmarkAnswer.model_validate(
        {
            "id": "01900000-0000-7000-8000-000000000000", "layer": None, "object": None,
            "kpi": "k", "metric": "value", "p25": "1", "median": median, "p75": "9",
            "currency": currency, "source": "peers", "as_of": day,
            "updated_at": "2026-01-01T00:00:00Z", "etag": "x",
        }
    )  # fmt: skip


def test_a_benchmark_is_in_force_from_its_day_on() -> None:
    found = choose_benchmarks([a_benchmark("2026-02-28", "3"), a_benchmark("2026-04-30", "5")], "%")
    medians = [found.median_in(month) for month in ("2026-01", "2026-02", "2026-03", "2026-04")]
    assert medians == [None, 3, 3, 5]
    shown = [found.shown_with(month) for month in ("2026-03", "2026-01")]
    assert [each and each.median for each in shown] == [3, 3]


def test_a_benchmark_in_another_currency_is_not_compared() -> None:
    found = choose_benchmarks([a_benchmark("2026-01-31", "3", "USD")], "CNY/order")
    assert (found.shown_with(MONTH), found.reason) == (None, "currency_differs")
    assert choose_benchmarks([], "CNY").reason == "no_benchmark"
