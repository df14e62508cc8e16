"""`/v1/views/...`: finance, technology, solutions, consumers and the flow."""

from typing import Annotated, Any

from fastapi import Query

from services.allocation.views import workflow
from services.allocation.views.answering import SeeingDep, answer, as_json
from services.allocation.views.asking import AskedDep, runs_of
from services.allocation.views.domain import Line
from services.allocation.views.flow import flow_picture
from services.allocation.views.presenting import (
    FLOW_COLUMNS,
    Presenter,
    consumer_item,
    finance_item,
    flow_links,
    flow_nodes,
    flow_rows,
    solution_item,
    technology_item,
)
from shared.auth import OWN_PART, Needs
from shared.contracts.allocation.views import (
    ConsumersView,
    FinanceView,
    FlowView,
    SolutionsView,
    TechnologyView,
)
from shared.database import SessionDep
from shared.errors import FieldError, RuleBroken
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import new_router

router = new_router("/v1/views", "views", [Needs("allocation:read")])
PartsQuery = Annotated[
    int, Query(ge=0, le=1000, description="How many parts of a line are listed, largest first")
]


@router.get(
    "/finance",
    summary="What was bought",
    operation_id="get_finance_view",
    response_model=FinanceView,
    responses=EXPORT_RESPONSES,
)
def get_finance_view(seeing: SeeingDep) -> Any:
    """Cost pools by cost type: what entered them from the lines."""

    def items(_: workflow.ViewData, present: Presenter, lines: list[Line]) -> list[Any]:
        return [finance_item(present, line) for line in lines]

    return answer(seeing, "pool", FinanceView, items)


@router.get(
    "/technology",
    summary="What it runs on",
    operation_id="get_technology_view",
    response_model=TechnologyView,
    responses=EXPORT_RESPONSES,
)
def get_technology_view(seeing: SeeingDep) -> Any:
    """Towers and assets, with quantity, unit cost and utilisation where drivers say them."""

    def items(data: workflow.ViewData, present: Presenter, lines: list[Line]) -> list[Any]:
        benchmarks = workflow.benchmarks_of(seeing.session, data, lines)
        return [technology_item(present, line, benchmarks) for line in lines]

    return answer(seeing, "resource", TechnologyView, items)


@router.get(
    "/solutions",
    summary="What it is for",
    operation_id="get_solutions_view",
    response_model=SolutionsView,
    responses=EXPORT_RESPONSES,
)
def get_solutions_view(seeing: SeeingDep, parts: PartsQuery = 100) -> Any:
    """Solutions with their total cost and their consumers."""

    def items(data: workflow.ViewData, present: Presenter, lines: list[Line]) -> list[Any]:
        benchmarks = workflow.benchmarks_of(seeing.session, data, lines)
        found = workflow.parts_of_lines(seeing.session, data, lines, incoming=False, limit=parts)
        return [
            solution_item(present, line, its_parts, benchmarks)
            for line, its_parts in zip(lines, found, strict=True)
        ]

    return answer(seeing, "solution", SolutionsView, items)


@router.get(
    "/consumers",
    summary="Who consumes",
    operation_id="get_consumers_view",
    dependencies=[OWN_PART],
    response_model=ConsumersView,
    responses=EXPORT_RESPONSES,
)
def get_consumers_view(seeing: SeeingDep, parts: PartsQuery = 100) -> Any:
    """Consumers with what makes up their bills; a bound caller sees its own subtrees."""

    def items(data: workflow.ViewData, present: Presenter, lines: list[Line]) -> list[Any]:
        found = workflow.parts_of_lines(seeing.session, data, lines, incoming=True, limit=parts)
        return [
            consumer_item(present, line, its_parts)
            for line, its_parts in zip(lines, found, strict=True)
        ]

    return answer(seeing, "consumer", ConsumersView, items)


@router.get(
    "/flow",
    summary="How the money flows",
    operation_id="get_flow_view",
    response_model=FlowView,
    responses=EXPORT_RESPONSES,
)
def get_flow_view(
    asked: AskedDep,
    session: SessionDep,
    language: LanguageDep,
    export: ExportDep,
    limit: Annotated[
        int, Query(ge=1, le=1000, description="Nodes of a layer; the others are one node")
    ] = 100,
) -> Any:
    """Nodes and links for a Sankey; what stays on an object flows to `unallocated`, `retained`.

    Of each layer the `limit` largest nodes are shown; `other:layer` is the rest of it, so that
    sums stay exact. Links inside a layer are left out: an object's amount is what it cost after
    them. As a file it is the links, with the names of their ends.
    """
    if asked.under is not None:
        message = "the flow is always that of all objects; gather it by `level` or `group_by`"
        errors = [FieldError("query:/under", "not_for_the_flow", message)]
        raise RuleBroken(message, code="not_for_the_flow", errors=errors)
    runs = runs_of(session, asked)
    picture = flow_picture(workflow.load_flow(session, asked, runs), limit)
    if export is not None:
        return export_rows(export, "flow", FLOW_COLUMNS, flow_rows(picture, language))
    return as_json(
        {
            "measure": asked.measure,
            "scenario": runs[0].scenario if runs else None,
            "currency": runs[0].currency if runs else None,
            "periods": [run.period for run in runs],
            "runs": workflow.ids_of(runs),
            "nodes": flow_nodes(picture, language),
            "links": flow_links(picture),
        }
    )
