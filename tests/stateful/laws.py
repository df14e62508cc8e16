"""What holds for every run, read through the API alone."""

from collections import defaultdict
from decimal import Decimal

from tests.modelling import Figures, Json

KEPT = ("passed_on", "retained", "unallocated")
ZERO = Decimal(0)


def check_totals(figures: Figures) -> None:
    """input = lines - out of scope + own = consumers + retained + unallocated + residual."""
    for measure, texts in figures.run["totals"].items():
        total = {name: Decimal(text) for name, text in texts.items()}
        came = total["lines"] - total["out_of_scope"] + total["own"]
        assert total["input"] == came, measure
        ends = total["consumers"] + total["retained"] + total["unallocated"] + total["residual"]
        assert total["input"] == ends, measure


def check_balances(figures: Figures, measure: str) -> None:
    """Every object keeps or passes on all that it got; flows and entries say the same."""
    got: dict[tuple[str, str | None], Json] = {
        (one["layer"], one["code"]): one for one in figures.items("balances", measure=measure)
    }
    sent: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    taken: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for flow in figures.items("flows", measure=measure):
        source, target = flow["stage"].split("_to_")
        sent[source, flow["source"]] += Decimal(flow["amount"])
        taken[target, flow["target"]] += Decimal(flow["amount"])
    left: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for entry in figures.items("unallocated", measure=measure):
        left[entry["layer"], entry["code"]] += Decimal(entry["amount"])
    for place, one in got.items():
        amounts = {kind: Decimal(one[kind]) for kind in ("own", "received", *KEPT)}
        kept = sum((amounts[kind] for kind in KEPT), ZERO)
        assert amounts["own"] + amounts["received"] == kept, place
        assert amounts["passed_on"] == sent.pop(place, ZERO), place
        assert amounts["received"] == taken.pop(place, ZERO), place
        assert amounts["unallocated"] == left.pop(place, ZERO), place
    assert not sent
    assert not taken
    assert not left
    bills = [Decimal(one["retained"]) for (layer, _), one in got.items() if layer == "consumer"]
    assert sum(bills, ZERO) == figures.total("consumers", measure)


def check_reconciliation(figures: Figures) -> None:
    """Every step from the imports to the consumers closes without a difference."""
    for step in figures.ask("reconciliation")["steps"]:
        assert step["difference"] == "0", step


def check_accuracy(figures: Figures) -> None:
    """The shares of how well founded the cost is make up the whole."""
    accuracy = figures.run["accuracy"]
    if accuracy is not None:
        names = ("measured_share", "estimated_share", "fallback_share", "unallocated_share")
        total = sum((Decimal(accuracy[name]) for name in names), ZERO)
        assert total in (0, 1), accuracy


def check_trace(
    figures: Figures, measure: str, layer: str, code: str, direction: str, to: str
) -> None:
    """Contributions and the rest add up to the figure, whatever the limit cuts off."""
    asked = {"layer": layer, "code": code, "direction": direction, "to": to, "measure": measure}
    whole = figures.ask("trace", **asked, limit=1000)
    first = figures.ask("trace", **asked, limit=1)
    for trace in (whole, first):
        parts = sum((Decimal(one["amount"]) for one in trace["contributions"]), ZERO)
        assert parts + Decimal(trace["rest"]) == Decimal(trace["amount"]), asked
    assert first["contributions"] == whole["contributions"][:1]
    assert Decimal(whole["amount"]) == figures.holding(layer, code, measure=measure)
    assert Decimal(whole["rest"]) == 0
