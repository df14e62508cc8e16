"""What enters a run at objects themselves: energy, carbon; everything exact, per resource."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from services.allocation.disputes.correction_repository import corrections_of_run
from services.allocation.emission_factors import repository as factors
from services.allocation.emission_factors.domain import (
    Emission,
    WithoutFactor,
    factors_of_period,
    operational_carbon,
)
from services.allocation.engine.fingerprint import canonical_json
from services.allocation.engine.model import DriverTable, Finding, ObjectSpec, OwnAmount
from services.allocation.engine.numbering import field_text
from services.allocation.engine.storing.leg_storage import Chunk
from services.allocation.runs import input_repository as inputs
from services.allocation.runs.repository import FACTORS_TOPIC, get_run
from services.allocation.runs.stored_input import EMISSIONS, StoredHead, emission_rows
from shared.errors import FieldError, RuleBroken
from shared.money import EXACT, from_units, plain
from shared.tables.allocation.runs import AllocationRun

MISSING_FACTOR = "missing_emission_factor"
CARBON, ENERGY = "co2e_operational", "kwh"
NAMED = 20
"""So many resources without a factor are named; the rest is counted."""


@dataclass(frozen=True)
class OwnInput:
    """The own amounts of a run, how its operational carbon came about, and what is to be said."""

    amounts: Sequence[OwnAmount]
    emissions: Sequence[Emission] = ()
    findings: Sequence[Finding] = ()

    def chunks(self) -> Iterator[Chunk]:
        """What is kept of this beside the run's own input."""
        if self.emissions:
            yield Chunk(EMISSIONS, 0, canonical_json(emission_rows(self.emissions)))


def gather_own_amounts(
    session: Session,
    run: AllocationRun,
    as_of: Mapping[str, int],
    objects: Sequence[ObjectSpec],
    repeated: StoredHead | None,
    rates: Mapping[str, Decimal],
) -> OwnInput:
    """All own amounts of a run; a replay takes those of the run that it repeats.

    Corrections never change once they are made, so a replay takes those that its base took.
    Measures that the repeated run did not have are gathered as for a new run. Raises RuleBroken
    `missing_emission_factor` unless energy without a factor is to be set aside.
    """
    known = _measures_kept(run, repeated)
    kept = [one for one in repeated.own_amounts if one.measure in known] if repeated else []
    moved, set_aside = corrections_of_run(session, run, as_of, rates)
    new = [measure for measure in run.measures if measure not in known]
    wanted = {ENERGY if measure == CARBON else measure for measure in new} - known - {"cost"}
    measured = _of_drivers(session, run, as_of, sorted(wanted))
    found = OwnInput([*moved, *kept, *measured])
    if CARBON in new:
        found = _with_carbon(session, run, as_of, objects, found)
    elif CARBON in run.measures and repeated is not None:
        findings = _findings_kept(session, run)
        found = OwnInput(found.amounts, repeated.emissions, findings)
    amounts = [one for one in found.amounts if one.measure in run.measures]
    return OwnInput(amounts, found.emissions, [*set_aside, *found.findings])


def _measures_kept(run: AllocationRun, repeated: StoredHead | None) -> set[str]:
    """Measures other than cost that a replay takes as they were; carbon only on the same basis."""
    kept = set(repeated.measures) - {"cost"} if repeated else set()
    if repeated and repeated.emission_basis != run.emission_basis:
        kept -= {CARBON}
    return kept


def _findings_kept(session: Session, run: AllocationRun) -> list[Finding]:
    """What the repeated run had to say of energy without a factor."""
    base = get_run(session, run.as_of) if run.as_of else None
    rows = base.findings if base else []
    return [Finding(**row) for row in rows if row["code"] == MISSING_FACTOR]


def _of_drivers(
    session: Session, run: AllocationRun, as_of: Mapping[str, int], measures: Sequence[str]
) -> list[OwnAmount]:
    """Own amounts of resources from the quantities of drivers that carry these measures."""
    carrying = inputs.drivers_of_measures(session, measures)
    tables = inputs.driver_tables(
        session, dict.fromkeys(carrying, "measured"), run.period, run.scenario, as_of
    )
    return [
        own for code, table in sorted(tables.items()) for own in _of_table(carrying[code], table)
    ]


def _of_table(measure: str, table: DriverTable) -> Iterator[OwnAmount]:
    targets = table.targets.texts()
    for target, quantity in zip(targets, table.quantities.tolist(), strict=True):
        yield OwnAmount(measure, "resource", str(target), from_units(quantity, table.decimals))


def _with_carbon(
    session: Session,
    run: AllocationRun,
    as_of: Mapping[str, int],
    objects: Sequence[ObjectSpec],
    found: OwnInput,
) -> OwnInput:
    """The same with operational carbon: each resource's energy times its region's factors."""
    listed = factors.list_factors(session, run.emission_basis, run.period, as_of[FACTORS_TOPIC])
    regions = {
        one.code: field_text(one, "attributes.region") for one in objects if one.layer == "resource"
    }
    of_period = factors_of_period(listed, run.period)
    emissions, without = operational_carbon(_energy(found.amounts), regions, of_period)
    if without and run.on_missing_rate != "set_aside":
        raise _refused(run, without)
    carbon = [OwnAmount(CARBON, "resource", one.resource, one.kg) for one in emissions]
    findings = [_set_aside(run, without)] if without else []
    return OwnInput([*found.amounts, *carbon], emissions, findings)


def _energy(amounts: Sequence[OwnAmount]) -> dict[str, Decimal]:
    """Kilowatt-hours per resource."""
    used: dict[str, Decimal] = {}
    for one in amounts:
        if one.measure == ENERGY:
            used[one.code] = EXACT.add(used.get(one.code, Decimal(0)), one.amount)
    return used


def _refused(run: AllocationRun, without: Sequence[WithoutFactor]) -> RuleBroken:
    message = f"{len(without)} resources use energy whose CO2e nobody can tell: {_names(without)}"
    errors = [FieldError("/measures", MISSING_FACTOR, _reason(run, one)) for one in without[:NAMED]]
    return RuleBroken(message, code=MISSING_FACTOR, errors=errors)


def _reason(run: AllocationRun, one: WithoutFactor) -> str:
    if one.region is None:
        return f"{one.resource} has no attribute `region`"
    return f"{one.resource}: {one.region} has no {run.emission_basis} factor by {run.period}"


def _names(without: Sequence[WithoutFactor]) -> str:
    named = ", ".join(one.resource for one in without[:NAMED])
    return named if len(without) <= NAMED else f"{named} and {len(without) - NAMED} more"


def _set_aside(run: AllocationRun, without: Sequence[WithoutFactor]) -> Finding:
    """Says how much energy has no carbon, and of which resources."""
    total = Decimal(0)
    for one in without:
        total = EXACT.add(total, one.kwh)
    return Finding(
        code=MISSING_FACTOR,
        stage=None,
        mapping=None,
        message=f"{plain(total)} kWh have no emission factor and are not in {CARBON}",
        details={
            "kwh": plain(total),
            "resources": len(without),
            "reasons": [_reason(run, one) for one in without[:NAMED]],
        },
    )
