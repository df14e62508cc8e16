"""Stored inputs of finished runs, widened by what other mappings look at."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from sqlmodel import Session

from services.allocation.engine.model import DriverTable, RunInput
from services.allocation.engine.rules.used_drivers import used_drivers
from services.allocation.runs import input_repository as inputs
from services.allocation.runs.line_index import facts_of
from shared.derived_drivers import derive, is_derived
from shared.tables.allocation.runs import AllocationRun

ONE = Decimal(1)


def widened(
    session: Session,
    run: AllocationRun,
    taken: RunInput,
    keys: Collection[str],
    drivers: Collection[str],
) -> RunInput:
    """A run's input with groups told apart by these line fields, too, and these drivers.

    What the run did not look at is read as it was after the changes of facts that the run saw.
    """
    if not set(keys) <= set(taken.groups.columns):
        every = sorted({*keys, *taken.groups.columns})
        taken = replace(taken, groups=inputs.group_lines(session, facts_of(run), every))
    missing = set(drivers) - used_drivers(taken.mappings, taken.objects)
    if missing:
        found = _drivers(session, run, taken, missing)
        taken = replace(taken, drivers={**found, **taken.drivers})
    return taken


def _drivers(
    session: Session, run: AllocationRun, taken: RunInput, codes: Collection[str]
) -> dict[str, DriverTable]:
    known = inputs.list_drivers(session, codes)
    sent = {code: known[code].basis for code in codes if code in known and not is_derived(code)}
    tables = inputs.driver_tables(session, sent, run.period, run.scenario, run.inputs_as_of)
    rates = {**taken.rates, taken.currency: ONE}
    for code in sorted(codes):
        if is_derived(code):
            rows = derive(session, code, facts_of(run), rates)
            tables[code] = inputs.derived_table(code, rows)
    return tables
