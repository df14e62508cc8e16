"""Earned value of published cases and of days on which something is not known yet."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.running import ServiceUnderTest

Json = dict[str, Any]
D = Decimal
CASES = [
    pytest.param(case, id=case["name"])
    for case in json.loads((Path(__file__).parent / "cases.json").read_text())
    if case["method"] == "earned_value"
]


def an_initiative(valuation: ServiceUnderTest, code: str, *flows: tuple[str, str, str]) -> str:
    """An initiative with (basis, day, cost) as its cash flows; its path."""
    made = valuation.post("/v1/initiatives", json={"code": code, "names": {"en": code}}).json()
    path = f"/v1/initiatives/{made['id']}"
    items = [
        {"on": day, "amount": f"-{cost}", "category": "investment", "basis": basis}
        for basis, day, cost in flows
    ]
    assert valuation.post(f"{path}/cash-flows/bulk", json={"items": items}).status_code == 200
    return path


@pytest.mark.parametrize("case", CASES)
def test_published_cases_come_out(valuation: ServiceUnderTest, case: Json) -> None:
    inputs = case["inputs"]
    assert inputs["pv"] == inputs["bac"]
    path = an_initiative(
        valuation, case["name"],
        ("plan", "2026-01-31", inputs["bac"]), ("actual", "2026-01-31", inputs["ac"]),
    )  # fmt: skip
    asked = {"as_of": "2026-02-01", "estimate_to_complete": inputs["etc"]}
    figures = valuation.get(f"{path}/earned-value", params=asked).json()["figures"]
    found = {name: D(figures[name]["value"]) for name in case["expected"]}
    found["percent_complete"] /= 100
    for name, expected in case["expected"].items():
        assert abs(found[name] - D(expected)) <= D(case["tolerance"]), name


def test_half_done_for_more_than_half_the_money(valuation: ServiceUnderTest) -> None:
    path = an_initiative(
        valuation, "half", ("plan", "2026-01-31", "400"), ("plan", "2026-06-30", "600"),
        ("actual", "2026-02-28", "625"), ("actual", "2026-09-30", "900"),
    )  # fmt: skip
    valuation.patch(path, json={"percent_complete": "50"}, headers={"If-Match": "*"})
    answer = valuation.get(f"{path}/earned-value?as_of=2026-03-31").json()
    found = {name: figure["value"] for name, figure in answer["figures"].items()}
    assert (found["bac"], found["pv"], found["ac"], found["ev"]) == ("1000", "400", "625", "500")
    assert (found["sv"], found["cv"], found["spi"], found["cpi"]) == ("100", "-125", "1.25", "0.8")
    assert (found["eac"], found["etc"], found["vac"]) == ("1250", "625", "-250")


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        ("as_of=2026-03-01", {"ev": "no_progress", "cpi": "no_progress", "eac": "no_progress"}),
        (
            "as_of=2025-01-01&percent_complete=10",
            {"ev": None, "spi": "nothing_planned_yet", "cpi": "nothing_spent_yet"},
        ),
        ("as_of=2026-03-01&percent_complete=0", {"ev": None, "eac": "nothing_earned_yet"}),
    ],
)
def test_what_is_not_known_yet_is_null_with_its_reason(
    valuation: ServiceUnderTest, asked: str, reasons: dict[str, str | None]
) -> None:
    listed = valuation.get("/v1/initiatives?code=unknown-yet").json()["items"]
    flows = ("plan", "2026-01-31", "400"), ("actual", "2026-02-28", "100")
    path = (
        f"/v1/initiatives/{listed[0]['id']}"
        if listed
        else an_initiative(valuation, "unknown-yet", *flows)
    )
    figures = valuation.get(f"{path}/earned-value?{asked}").json()["figures"]
    assert {name: figures[name]["reason"] for name in reasons} == reasons
    for figure in figures.values():
        assert (figure["value"] is None) == (figure["reason"] is not None)
