"""`/v1/runs/{id}/explain`: how a figure came about."""

from typing import Annotated

from fastapi import Query

from services.allocation.explanations.explaining import explain_object
from services.allocation.explanations.formulas import Formula
from services.allocation.explanations.line_words import explain_lines
from services.allocation.explanations.places import Places
from services.allocation.explanations.teller import Teller
from services.allocation.runs.answers import made
from services.allocation.runs.input_repository import read_head_document
from services.allocation.runs.own_amounts import CARBON
from services.allocation.runs.seen_run import SeenRunDep
from services.allocation.runs.stored_input import read_emissions
from shared.auth import OWN_PART, CallerDep, Needs, refuse_bound
from shared.contracts.allocation.explanations import (
    ExplanationAnswer,
    FormulaAnswer,
    FormulaInput,
)
from shared.contracts.allocation.runs import RunLayer, TracedObject
from shared.database import SessionDep
from shared.errors import FieldError, RuleBroken
from shared.http.routing import new_router
from shared.money import from_units

router = new_router("/v1/runs/{run_id}", "runs", [Needs("allocation:read")])


@router.get(
    "/explain",
    summary="How an amount came about, in words and formulas",
    operation_id="explain_run",
    dependencies=[OWN_PART],
)
def explain(
    seen: SeenRunDep,
    session: SessionDep,
    caller: CallerDep,
    layer: RunLayer,
    code: Annotated[
        str | None, Query(max_length=200, description="Needed for every layer but `line`")
    ] = None,
) -> ExplanationAnswer:
    """Sentences in the caller's language; every formula gives its figure when computed again.

    The largest 20 inflows are told one by one. Layer `line` tells what became of all lines.
    """
    places = Places(seen.run.id, seen.run.model_version_id, seen.result.measures[seen.measure])
    settles = any(leg.within for leg in seen.result.legs)
    settings = read_head_document(session, seen.run.id).get("stages") if settles else None
    teller = Teller(seen, places, settings or {})
    if layer == "line":
        refuse_bound(caller)
        explain_lines(teller)
        value = seen.result.totals[teller.measure].input
        return _answer(teller, TracedObject(layer="line", name=None), value)
    if code is None:
        error = FieldError("query:/code", "missing", "name the object by its code")
        raise RuleBroken("which object?", code="missing_value", errors=[error])
    number = seen.number(layer, code)
    carbon = teller.measure == CARBON and layer == "resource"
    explain_object(teller, number, read_emissions(session, seen.run.id) if carbon else ())
    units = int(seen.result.balances.holding[seen.measure, number])
    traced = TracedObject(layer=layer, code=code, name=teller.name(number))
    return _answer(teller, traced, from_units(units, seen.precision))


def _answer(teller: Teller, traced: TracedObject, value: object) -> ExplanationAnswer:
    return made(
        ExplanationAnswer,
        object=traced,
        measure=teller.measure,
        unit=teller.unit,
        amount=value,
        sentences=teller.sentences,
        formulas=[_formula(one) for one in teller.formulas],
    )


def _formula(one: Formula) -> FormulaAnswer:
    return made(
        FormulaAnswer,
        text=one.text,
        value=one.value,
        tolerance=one.tolerance,
        href=one.href,
        inputs=[
            made(FormulaInput, name=part.name, value=part.value, href=part.href)
            for part in one.parts
        ],
    )
