"""The exchange rates of a run: one kind, the pairs as they were sent, none made up."""

from collections.abc import Mapping
from decimal import Decimal

from sqlmodel import Session

from services.allocation.engine.model import LineGroups
from services.allocation.runs import input_repository as inputs
from shared.errors import FieldError, RuleBroken
from shared.tables.allocation.runs import AllocationRun


def exchange_rates(
    session: Session, run: AllocationRun, as_of: Mapping[str, int]
) -> dict[str, Decimal]:
    """Units of the run's currency per unit of each other one, of the run's kind."""
    number = as_of["exchange_rates"]
    return inputs.exchange_rates(session, run.period, run.currency, run.rate_kind, number)


def refuse_missing_rates(
    session: Session, run: AllocationRun, groups: LineGroups, rates: Mapping[str, Decimal]
) -> None:
    """Raise RuleBroken `missing_rate`, naming each pair, when lines cannot be converted.

    A rate of the other kind, or of the pair turned round, is named but never taken. Nothing is
    refused when such lines are to be set aside.
    """
    used = {groups.currency.values[code] for code in set(groups.currency.codes.tolist())}
    missing = sorted(used - set(rates) - {run.currency})
    if not missing or run.on_missing_rate == "set_aside":
        return
    pairs = [(code, run.currency) for code in missing]
    there = inputs.other_rates(session, run.period, pairs)
    errors = [
        FieldError("/currency", "missing_rate", _sentence(run, code, there)) for code in missing
    ]
    raise RuleBroken("; ".join(one.message for one in errors), code="missing_rate", errors=errors)


def _sentence(run: AllocationRun, code: str, there: list[tuple[str, str, str]]) -> str:
    """What is missing, and what there is instead."""
    found = [
        f"a rate of kind {kind} from {source} to {target}"
        for source, target, kind in there
        if {source, target} == {code, run.currency}
    ]
    missing = f"{run.period} has no {run.rate_kind} exchange rate from {code} to {run.currency}"
    return f"{missing} (only {', '.join(found)})" if found else missing
