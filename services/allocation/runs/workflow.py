"""A run from request to result: gather, calculate, store; and publishing it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.allocation.budgets.alerting import hold_against_budgets
from services.allocation.emission_factors import repository as factors
from services.allocation.engine.fingerprint import canonical_json
from services.allocation.engine.lines.classification import group_keys
from services.allocation.engine.model import DriverTable, RunInput, StageSetting
from services.allocation.engine.result import RunResult
from services.allocation.engine.rules.used_drivers import used_drivers
from services.allocation.engine.storing.storage import dump_run
from services.allocation.runs import input_repository as inputs
from services.allocation.runs import partition_repository, repository
from services.allocation.runs.loaded import collecting_later
from services.allocation.runs.own_amounts import CARBON, OwnInput, gather_own_amounts
from services.allocation.runs.rates import exchange_rates, refuse_missing_rates
from services.allocation.runs.repository import FACTORS_TOPIC
from services.allocation.runs.stored_input import StoredHead, read_head
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.allocation.runs import RunRequest
from shared.currencies import minor_digits
from shared.derived_drivers import Facts, derive, is_derived
from shared.errors import Conflict, FieldError, NotFound, RuleBroken
from shared.events import outbox
from shared.http.links import href
from shared.jobs import chores
from shared.jobs.queue import defer_job
from shared.jobs.running import JobContext, register
from shared.periods import covers
from shared.postgres.period_locks import closed_periods
from shared.tables.allocation.runs import AllocationRun
from shared.tables.platform import Job

SERVICE = "allocation"
KIND = "run"
ONE = Decimal(1)
REPEATED = ("measures", "on_missing_rate", "rate_kind", "emission_basis")
"""What a replay takes from the run that it repeats unless it is asked otherwise."""


def ask_for_run(session: Session, caller: Caller, asked: RunRequest) -> Job:
    """Write a run down and queue its job; both commit with the request.

    Raises RuleBroken for what cannot be run, Conflict `closed_period` when the period is closed
    and no reason says that this is a restatement.
    """
    asked = _check(session, asked)
    version = repository.get_version(session, asked.model_version)
    run = AllocationRun(
        period=asked.period,
        scenario=asked.scenario,
        currency=asked.currency,
        model_version_id=version.id,
        measures=_ordered(asked.measures),
        as_of=asked.as_of,
        on_missing_rate=asked.on_missing_rate,
        rate_kind=asked.rate_kind,
        emission_basis=asked.emission_basis,
        reason=asked.reason,
        subject=caller.subject,
        created_at=utc_now(),
    )
    session.add(run)
    session.flush()
    details = asked.model_dump(mode="json", exclude_none=True)
    trail.record(session, caller, SERVICE, "create", "run", str(run.id), details=details)
    return defer_job(
        session,
        service=SERVICE,
        kind=KIND,
        subject=caller.subject,
        resource_id=run.id,
        resource_href=href(f"/v1/runs/{run.id}"),
    )


def _ordered(measures: list[Any]) -> list[str]:
    """Cost first, each measure once; the others take its weights."""
    return list(dict.fromkeys(["cost", *measures]))


def _check(session: Session, asked: RunRequest) -> RunRequest:
    """What is asked; what a replay leaves open is as in the run that it repeats."""
    if asked.reason is None and closed_periods(session, [asked.period]):
        message = f"{asked.period} is closed; give the reason of this restatement"
        raise Conflict(message, code="closed_period")
    if asked.as_of is None:
        return asked
    try:
        base = repository.get_run(session, asked.as_of)
    except NotFound:
        base = None
    if base is None or base.status != "succeeded":
        message = f"there is no finished run {asked.as_of}"
        errors = [FieldError("/as_of", "unknown_code", message)]
        raise RuleBroken(message, code="unknown_code", errors=errors)
    if (base.period, base.scenario) != (asked.period, asked.scenario):
        message = "`as_of` names a run of another period or scenario"
        errors = [FieldError("/as_of", "other_period", message)]
        raise RuleBroken(message, code="other_period", errors=errors)
    open_ones = set(REPEATED) - asked.model_fields_set
    return asked.model_copy(update={name: getattr(base, name) for name in open_ones})


def run_body(context: JobContext) -> None:
    """The job: everything of the run is stored in the one transaction that makes it succeed."""
    from services.allocation.engine.run import run_allocation  # loads the compiled kernels

    repository.mark_running(context.resource_id)
    session = context.session
    run = repository.get_run(session, context.resource_id)
    context.progress(0.05)
    as_of = _as_of(session, run)
    with collecting_later():
        taken, own = gather(session, run, as_of)
        context.progress(0.3)
        result = run_allocation(taken)
    result = replace(result, findings=[*result.findings, *own.findings])
    context.progress(0.6)
    chunks = chain(dump_run(taken, result), own.chunks())
    repository.add_result(session, run.id, result, chunks)
    context.progress(0.9)
    session.refresh(run, with_for_update=True)
    _finish(run, result, as_of)
    session.add(run)
    payload = {"period": run.period, "scenario": run.scenario, "run": str(run.id)}
    outbox.publish(session, SERVICE, "run.finished", str(run.id), payload)


def _as_of(session: Session, run: AllocationRun) -> dict[str, int]:
    if run.as_of is None:
        as_of = inputs.last_changes(session, run.period, run.scenario)
    else:
        as_of = dict(repository.get_run(session, run.as_of).inputs_as_of)
    if CARBON in run.measures and FACTORS_TOPIC not in as_of:
        as_of[FACTORS_TOPIC] = factors.last_change(session)
    return as_of


def gather(
    session: Session, run: AllocationRun, as_of: dict[str, int]
) -> tuple[RunInput, OwnInput]:
    """Everything that the run depends on, as it was after the changes `as_of`.

    A run that repeats another one's inputs also takes that one's tree of objects, own amounts and
    kinds of drivers, which nothing else remembers.
    """
    mappings = inputs.list_mappings(session, run.model_version_id)
    active = [one for one in mappings if covers(one.valid_from, one.valid_to, run.period)]
    objects = inputs.list_objects(session, run.period)
    repeated = None if run.as_of is None else read_head(session, run.as_of)
    if repeated is not None:
        objects = list(repeated.objects)
    facts = Facts(run.period, run.scenario, as_of["cost_lines"], as_of["tickets"])
    rates = exchange_rates(session, run, as_of)
    groups = inputs.group_lines(session, facts, group_keys(active, run.period))
    refuse_missing_rates(session, run, groups, rates)
    own = gather_own_amounts(session, run, as_of, objects, repeated, rates)
    taken = RunInput(
        period=run.period,
        scenario=run.scenario,
        currency=run.currency,
        minor_digits=minor_digits(run.currency),
        measures=tuple(run.measures),
        objects=objects,
        mappings=active,
        groups=groups,
        drivers=_drivers(
            session, run, used_drivers(active, objects), facts, as_of, rates, repeated
        ),
        rates=rates,
        own_amounts=own.amounts,
        on_missing_rate=run.on_missing_rate,
        rate_kind=run.rate_kind,
        emission_basis=run.emission_basis,
        stages=_stages(session, run),
    )
    return taken, own


def _stages(session: Session, run: AllocationRun) -> dict[str, StageSetting]:
    """The settings of the version's same-layer stages."""
    version = repository.get_version(session, run.model_version_id)
    return {name: StageSetting(**setting) for name, setting in version.stages.items()}


def _drivers(
    session: Session,
    run: AllocationRun,
    codes: set[str],
    facts: Facts,
    as_of: dict[str, int],
    rates: Mapping[str, Decimal],
    repeated: StoredHead | None,
) -> dict[str, DriverTable]:
    """The quantities of every driver that a mapping uses, sent or derived."""
    used = sorted(codes)
    known = inputs.list_drivers(session, used)
    sent = {code: known[code].basis for code in used if code in known and not is_derived(code)}
    if repeated is not None:
        kept = ((code, repeated.bases.get(code)) for code in used if not is_derived(code))
        sent |= {code: basis for code, basis in kept if basis is not None}
    tables = inputs.driver_tables(session, sent, run.period, run.scenario, as_of)
    for code in used:
        if is_derived(code):
            rows = derive(session, code, facts, {**rates, run.currency: ONE})
            tables[code] = inputs.derived_table(code, rows)
    return tables


def _finish(run: AllocationRun, result: RunResult, as_of: dict[str, int]) -> None:
    def plain(value: Any) -> Any:
        return json.loads(canonical_json(value))

    run.status = "succeeded"
    run.inputs_as_of = as_of
    run.fingerprint = result.fingerprint
    run.output_hash = result.output_hash
    run.precision = dict(result.precision)
    run.totals = {measure: plain(asdict(total)) for measure, total in result.totals.items()}
    run.unconverted = plain([asdict(one) for one in result.unconverted])
    run.counts = result.counts
    run.timings_ms = dict(result.timings_ms)
    run.accuracy = plain(asdict(result.accuracy))
    run.findings = plain([asdict(finding) for finding in result.findings])
    run.finished_at = utc_now()
    run.version += 1


def run_failed(session: Session, run_id: UUID, problem: dict[str, Any], status: str) -> None:
    """Mark a run whose job failed or was cancelled."""
    run = repository.get_run(session, run_id)
    run.status = status
    run.problem = problem or None
    run.finished_at = utc_now()
    run.version += 1
    session.add(run)


def publish_run(session: Session, caller: Caller, run_id: UUID) -> AllocationRun:
    """Let a run speak for its period and scenario; the one that did stays, unpublished.

    Publishing the published run again changes nothing. Conflict when it has not succeeded or its
    model version was never published.
    """
    run = repository.get_run(session, run_id)
    repository.lock_publishing(session, run.period)
    run = repository.lock_run(session, run_id)
    if run.published:
        return run
    if run.status != "succeeded":
        raise Conflict(f"a run that is {run.status} cannot be published", code="run_not_finished")
    version = repository.get_version(session, run.model_version_id)
    if version.status not in {"published", "retired"}:
        message = "its model version is not published, so the run cannot be either"
        raise Conflict(message, code="model_version_not_published")
    if run.reason is None and closed_periods(session, [run.period]):
        message = f"{run.period} is closed; only a run with a reason may restate it"
        raise Conflict(message, code="closed_period")
    former = repository.find_published(session, run.period, run.scenario)
    if former is not None:
        former.published = False
        former.version += 1
        session.add(former)
        session.flush()
    run.published, run.published_at, run.published_by = True, utc_now(), caller.subject
    run.version += 1
    session.add(run)
    session.flush()
    details = {"replaces": str(former.id) if former else None}
    trail.record(session, caller, SERVICE, "publish", "run", str(run.id), details=details)
    payload = {
        "run": str(run.id),
        "period": run.period,
        "scenario": run.scenario,
        "currency": run.currency,
        "replaces": details["replaces"],
    }
    outbox.publish(session, SERVICE, "run.published", str(run.id), payload)
    hold_against_budgets(session, run)
    return run


register(KIND, run_body, run_failed)
chores.register(
    "allocation", "make_coming_months", 6 * 3600.0, partition_repository.make_coming_months
)
