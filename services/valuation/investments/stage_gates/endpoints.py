"""`/v1/initiatives/{id}/gates`: whether the value case still held at each step."""

from uuid import UUID

from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.stage_gates import repository
from services.valuation.investments.stage_gates.domain import difference
from services.valuation.investments.stage_gates.wording import explain
from services.valuation.investments.stage_gates.workflow import expected_values
from shared.auth import Needs
from shared.contracts.jobs import Page
from shared.contracts.valuation.gates import ExpectedValue, GateAnswer, GateChange
from shared.database import SessionDep
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.money import EXACT
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.gates import InitiativeGate

router = new_router(
    "/v1/initiatives/{initiative_id:uuid}/gates",
    "initiatives",
    [Needs("valuation:read")],
)


@router.get("", summary="List the stage gates of an initiative", operation_id="list_gates")
def list_gates(
    initiative_id: UUID, session: SessionDep, page: PageQueryDep, language: LanguageDep
) -> Page[GateAnswer]:
    """What it was worth when it was approved, started, went live and was closed; oldest first."""
    initiative = initiatives.get_initiative(session, initiative_id)
    rows, cursor = list_page(
        session,
        repository.list_query(initiative_id),
        page,
        sortable={"at": InitiativeGate.at},
        default_sort="at",
        filters={"initiative": initiative_id},
        unique=InitiativeGate.id,
    )
    gates = repository.list_gates(session, initiative_id)
    before = {gate.id: gates[at - 1] if at else None for at, gate in enumerate(gates)}
    items = [gate_answer(row, initiative.code, before[row.id], language) for row in rows]
    return Page(items=items, next_cursor=cursor)


def gate_answer(
    row: InitiativeGate, initiative: str, before: InitiativeGate | None, language: str
) -> GateAnswer:
    """A gate as callers see it, with what changed since the one before."""
    return GateAnswer(
        **row.model_dump(exclude={"initiative_id", "expected_values"}),
        initiative=initiative,
        expected_values=[
            ExpectedValue(currency=code, amount=amount)
            for code, amount in expected_values(row).items()
        ],
        explanation=explain(row.verdict, row.because, language),
        change=_change(row, before) if before is not None else None,
    )


def _change(new: InitiativeGate, old: InitiativeGate) -> GateChange:
    cost = difference(new.planned_cost, old.planned_cost)
    benefit = difference(new.planned_benefit, old.planned_benefit)
    values, former = expected_values(new), expected_values(old)
    return GateChange(
        planned_cost=cost,
        planned_benefit=benefit,
        net=difference(benefit, cost),
        roi_net=difference(new.roi_net, old.roi_net),
        expected_values=[
            ExpectedValue(
                currency=code, amount=EXACT.subtract(values.get(code, EXACT.create_decimal(0)),
                                                     former.get(code, EXACT.create_decimal(0)))
            )
            for code in sorted({*values, *former})
        ],
    )  # fmt: skip
