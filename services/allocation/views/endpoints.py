"""`/v1/views/...`: finance, technology, solutions, consumers and the flow."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from services.allocation.views import workflow
from services.allocation.views.domain import (
    Line,
    finance_lines,
    flow_picture,
    layer_lines,
    total_of,
)
from services.allocation.views.figures import RunFigures, Tree
from services.allocation.views.presenting import Presenter, flow_links, flow_nodes
from services.allocation.views.workflow import Asked, ViewData
from shared.auth import Caller, CallerDep, Needs, refuse_bound
from shared.contracts.allocation.views import (
    ConsumersView,
    FinanceView,
    FlowView,
    SolutionsView,
    TechnologyView,
    ViewItem,
)
from shared.contracts.values import PERIOD_PATTERN
from shared.database import SessionDep
from shared.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.language import LanguageDep
from shared.routing import new_router

router = new_router("/v1/views", "views", [Needs("allocation:read")])
PeriodQuery = Annotated[str | None, Query(pattern=PERIOD_PATTERN)]
Measure = Annotated[str, Query(pattern=r"^(cost|kwh|co2e_operational|co2e_embodied)$")]


async def _asked(
    period: Annotated[
        str | None, Query(pattern=PERIOD_PATTERN, description="One month; else the newest")
    ] = None,
    from_: Annotated[
        str | None, Query(alias="from", pattern=PERIOD_PATTERN, description="First month")
    ] = None,
    to: Annotated[str | None, Query(pattern=PERIOD_PATTERN, description="Last month")] = None,
    run: Annotated[UUID | None, Query(description="A run instead of the published ones")] = None,
    measure: Measure = "cost",
    level: Annotated[
        int | None, Query(ge=1, le=20, description="Gather at a level of the tree; 1 = roots")
    ] = None,
    group_by: Annotated[
        str | None,
        Query(pattern=r"^tags\..{1,190}$", description="Gather by a tag's value: `tags.x`"),
    ] = None,
) -> Asked:
    return Asked(period, from_, to, run, measure, level, group_by)


AskedDep = Annotated[Asked, Depends(_asked)]
LinesOf = Callable[[Sequence[RunFigures]], list[Line]]


def _keep_own(caller: Caller) -> Callable[[Tree, int], bool]:
    """A bound caller sees the subtrees that it is bound to."""
    if caller.consumers is None:
        return lambda _, __: True
    codes = frozenset(caller.consumers)
    return lambda tree, number: tree.is_under(number, codes)


def _presenter(
    session: SessionDep, data: ViewData, lines: list[Line], lines_of: LinesOf, language: str
) -> Presenter:
    budget = workflow.budget_of(session, data, lines_of)
    return Presenter(
        language=language,
        periods=data.periods,
        total=total_of(lines),
        budget=budget,
        quantities=workflow.quantities_of(session, data.periods, lines, "unit_driver"),
        capacities=workflow.quantities_of(session, data.periods, lines, "capacity_driver"),
    )


def _answer(
    view: type[Any], data: ViewData, lines: list[Line], items: list[Any], export: str | None
) -> Any:
    if export is not None:
        return _export(export, view, items)
    return view(
        measure=data.measure,
        currency=data.currency,
        periods=data.periods,
        runs=data.runs,
        total=total_of(lines),
        unallocated=data.unallocated,
        items=items,
    )


def _export(kind: str, view: type[Any], items: Iterable[ViewItem]) -> Response:
    item_type = view.model_fields["items"].annotation.__args__[0]
    columns = list(item_type.model_fields)
    rows = ([_cell(getattr(item, column)) for column in columns] for item in items)
    return export_rows(kind, view.__name__, columns, rows)


def _cell(value: Any) -> Any:
    """Nested parts as JSON, everything else as it is."""
    if isinstance(value, list):
        return [each.model_dump(mode="json") for each in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


@router.get(
    "/finance",
    summary="What was bought",
    operation_id="get_finance_view",
    response_model=FinanceView,
    responses=EXPORT_RESPONSES,
)
def get_finance_view(
    asked: AskedDep,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    export: ExportDep,
) -> Any:
    """Cost pools by cost type: what entered them from the lines."""
    refuse_bound(caller)
    data = workflow.load(session, asked)

    def lines_of(runs: Sequence[RunFigures]) -> list[Line]:
        return finance_lines(runs, asked.grouping)

    lines = lines_of(data.figures)
    present = _presenter(session, data, lines, lines_of, language)
    return _answer(FinanceView, data, lines, [present.finance(line) for line in lines], export)


@router.get(
    "/technology",
    summary="What it runs on",
    operation_id="get_technology_view",
    response_model=TechnologyView,
    responses=EXPORT_RESPONSES,
)
def get_technology_view(
    asked: AskedDep,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    export: ExportDep,
) -> Any:
    """Towers and assets, with quantity, unit cost and utilisation where drivers say them."""
    refuse_bound(caller)
    data = workflow.load(session, asked)

    def lines_of(runs: Sequence[RunFigures]) -> list[Line]:
        return layer_lines(runs, "resource", asked.grouping)

    lines = lines_of(data.figures)
    present = _presenter(session, data, lines, lines_of, language)
    items = [present.technology(line) for line in lines]
    return _answer(TechnologyView, data, lines, items, export)


@router.get(
    "/solutions",
    summary="What it is for",
    operation_id="get_solutions_view",
    response_model=SolutionsView,
    responses=EXPORT_RESPONSES,
)
def get_solutions_view(
    asked: AskedDep,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    export: ExportDep,
) -> Any:
    """Solutions with their total cost and their consumers."""
    refuse_bound(caller)
    data = workflow.load(session, asked)

    def lines_of(runs: Sequence[RunFigures]) -> list[Line]:
        return layer_lines(runs, "solution", asked.grouping)

    lines = lines_of(data.figures)
    present = _presenter(session, data, lines, lines_of, language)
    return _answer(SolutionsView, data, lines, [present.solution(line) for line in lines], export)


@router.get(
    "/consumers",
    summary="Who consumes",
    operation_id="get_consumers_view",
    response_model=ConsumersView,
    responses=EXPORT_RESPONSES,
)
def get_consumers_view(
    asked: AskedDep,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    export: ExportDep,
) -> Any:
    """Consumers with what makes up their bills; a bound caller sees its own subtrees."""
    data = workflow.load(session, asked)
    keep = _keep_own(caller)

    def lines_of(runs: Sequence[RunFigures]) -> list[Line]:
        return layer_lines(runs, "consumer", asked.grouping, keep)

    lines = lines_of(data.figures)
    present = _presenter(session, data, lines, lines_of, language)
    if caller.consumers is not None:
        data = data.without_unallocated()
    return _answer(ConsumersView, data, lines, [present.consumer(line) for line in lines], export)


@router.get("/flow", summary="How the money flows", operation_id="get_flow_view")
def get_flow_view(
    asked: AskedDep, session: SessionDep, caller: CallerDep, language: LanguageDep
) -> FlowView:
    """Nodes and links for a Sankey; what stays on an object flows to `unallocated`."""
    refuse_bound(caller)
    data = workflow.load(session, asked)
    picture = flow_picture(data.figures, asked.level)
    return FlowView(
        measure=data.measure,
        currency=data.currency,
        periods=data.periods,
        runs=data.runs,
        nodes=flow_nodes(picture, language),
        links=flow_links(picture),
    )
