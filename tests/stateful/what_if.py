"""What was foretold comes true: simulations against real runs, and why two runs differ."""

from decimal import Decimal
from typing import Any

from tests.modelling import Figures, Json, Modelling

ZERO = Decimal(0)
TOTALS = ("input", "consumers", "retained", "unallocated")


def simulate(modelling: Modelling, run: Json, change: Json) -> Any:
    """The answer to one change, good or not."""
    body = {"run": run["id"], "changes": [change], "limit": 1000}
    return modelling.allocation.post("/v1/simulations", json=body)


def holdings(figures: Figures) -> dict[tuple[str, str], Decimal]:
    """What every object had."""
    return {
        (one["layer"], one["code"]): Decimal(one["own"]) + Decimal(one["received"])
        for one in figures.items("balances")
        if one["layer"] != "line"
    }


def check_foretold(answer: Json, before: Figures, after: Figures) -> None:
    """Every object has what the simulation said; those it did not name have what they had."""
    was, became = holdings(before), holdings(after)
    for one in answer["items"]:
        place = (one["layer"], one["code"])
        assert Decimal(one["before"]) == was.pop(place), one
        assert Decimal(one["after"]) == became.pop(place), one
        assert Decimal(one["after"]) - Decimal(one["before"]) == Decimal(one["delta"]) != 0
    assert was == became
    totals = answer["totals"]
    totals = totals.get("cost", totals)
    for name in TOTALS:
        assert Decimal(totals[name]["before"]) == before.total(name), name
        assert Decimal(totals[name]["after"]) == after.total(name), name


def check_compared(figures: Figures, base: Figures) -> None:
    """The parts of every difference add up to it, and the differences are those of the runs."""
    answer = figures.ask("compare", base=base.run["id"], limit=1000)
    before, after = holdings(base), holdings(figures)
    for one in answer["items"]:
        parts = sum((Decimal(part) for part in one["parts"].values()), ZERO)
        assert parts == Decimal(one["difference"]), one
        assert Decimal(one["before"]) + parts == Decimal(one["after"])
        place = (one["layer"], one["code"])
        if one["layer"] != "line":
            assert Decimal(one["before"]) == before.get(place, ZERO), place
            assert Decimal(one["after"]) == after.get(place, ZERO), place
    listed = {(one["layer"], one["code"]) for one in answer["items"]}
    for place in (before.keys() | after.keys()) - listed:
        assert before.get(place, ZERO) == after.get(place, ZERO), place
    for name in TOTALS:
        total = answer["totals"][name]
        parts = sum((Decimal(part) for part in total["parts"].values()), ZERO)
        assert parts == figures.total(name) - base.total(name), name
        unchanged = set(total["parts"]) - set(answer["changed"])
        assert all(Decimal(total["parts"][factor]) == 0 for factor in unchanged)
