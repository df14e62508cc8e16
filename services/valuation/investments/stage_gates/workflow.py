"""Passes an initiative through a gate: its value case is made, judged, checked and kept."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlmodel import Session

from services.valuation.investments.cash_flows.repository import sum_by_day
from services.valuation.investments.evaluations.figures import round_figure, sum_up
from services.valuation.investments.evaluations.flows import MOST_FLOWS, CashFlow, read_clock
from services.valuation.investments.stage_gates import repository
from services.valuation.investments.stage_gates.domain import (
    ValueCase,
    check_gate,
    judge,
    make_case,
)
from shared.clock import utc_now
from shared.contracts.valuation.gates import GateStep, StepRequest
from shared.money import plain
from shared.tables.valuation.gates import InitiativeGate
from shared.tables.valuation.initiatives import Initiative


def pass_gate(
    session: Session, initiative: Initiative, step: GateStep, by: str, request: StepRequest | None
) -> InitiativeGate:
    """Keep what the initiative is worth at this step.

    Conflict `no_value_expectation` without a promise that carries a number, `value_case_broken`
    for a broken case without a reason. Closing is never refused, nor is a later step of what was
    brought in as history.
    """
    given = request or StepRequest()
    promises = repository.list_promises(session, initiative.id)
    case = make_case(
        initiative.planned_cost, initiative.planned_benefit, initiative.currency, promises
    )
    approval = repository.find_last_approval(session, initiative.id)
    first = step == "approve" or approval is None
    verdict, because = judge(case, None if first else _case_of(approval))
    if step == "approve" or not (initiative.historic or step == "close"):
        check_gate(case, verdict, given.reason)
    gate = InitiativeGate(
        initiative_id=initiative.id,
        step=step,
        at=utc_now(),
        by=by,
        reason=given.reason,
        currency=initiative.currency,
        discount_rate=given.discount_rate,
        planned_cost=case.planned_cost,
        planned_benefit=case.planned_benefit,
        actual_cost=initiative.actual_cost,
        actual_benefit=initiative.actual_benefit,
        benefit_source=case.benefit_source,
        roi_net=case.roi_net,
        npv=_npv(session, initiative, given.discount_rate),
        promises=case.promises,
        expected_values={code: plain(amount) for code, amount in case.expected_values.items()},
        verdict=verdict,
        because=list(because),
    )
    session.add(gate)
    return gate


def _case_of(gate: InitiativeGate | None) -> ValueCase | None:
    if gate is None:
        return None
    return ValueCase(
        gate.planned_cost,
        gate.planned_benefit,
        gate.benefit_source,  # type: ignore[arg-type]
        expected_values(gate),
        gate.promises,
    )


def expected_values(gate: InitiativeGate) -> Mapping[str, Decimal]:
    """Money promised at a gate, by currency."""
    return {code: Decimal(amount) for code, amount in sorted(gate.expected_values.items())}


def _npv(session: Session, initiative: Initiative, rate: Decimal | None) -> Decimal | None:
    """Net present value of the planned cash flows by days (actual/365); None without a rate."""
    if rate is None:
        return None
    rows: list[tuple[date, str, Decimal]] = sum_by_day(session, initiative.id, "plan")
    if not rows or len(rows) > MOST_FLOWS:
        return None
    flows = [CashFlow(amount, category, on=day) for day, category, amount in rows]  # type: ignore[arg-type]
    npv = sum_up(read_clock(flows, "dated", None), rate).npv
    return round_figure(npv) if npv is not None and abs(npv) < Decimal(10) ** 40 else None
