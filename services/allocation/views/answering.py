"""The answer of a view: its page of lines as JSON, or all of them as a file."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from sqlmodel import Session

from services.allocation.views import workflow
from services.allocation.views.asking import Asked, AskedDep, runs_of
from services.allocation.views.domain import Line, in_order, narrowed
from services.allocation.views.presenting import NOTHING, Item, Presenter
from services.allocation.views.quantities import Quantities
from services.allocation.views.workflow import ViewData
from shared.auth import Caller, CallerDep
from shared.contracts.allocation.views import View
from shared.database import SessionDep
from shared.errors import FieldError, RuleBroken
from shared.http.exports import ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.pages_in_memory import page_of
from shared.money import EXACT, plain

MAX_LINES = 1000
SORTABLE = ("amount", "budget", "code", "key", "name", "share", "variance", "variance_share")
SORTABLE_USE = ("quantity", "unit_cost", "utilisation")
ItemsOf = Callable[[ViewData, Presenter, list[Line]], list[Item]]


@dataclass(frozen=True)
class Seeing:
    """A caller looking at a view: what was asked, which lines of it, and in which form."""

    session: Session
    caller: Caller
    asked: Asked
    language: str
    export: str | None
    limit: int
    cursor: str | None
    sort: str | None
    code: str | None
    q: str | None


async def _seeing(
    asked: AskedDep,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    export: ExportDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LINES, description="Lines on a page")] = MAX_LINES,
    cursor: Annotated[
        str | None, Query(max_length=4000, description="`next_cursor` of the page before")
    ] = None,
    sort: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Fields, `-` for descending: `-variance,code`; else the largest amount"
            " first, whatever its sign",
        ),
    ] = None,
    code: Annotated[str | None, Query(max_length=200, description="One line")] = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of code or name")] = None,
) -> Seeing:
    return Seeing(session, caller, asked, language, export, limit, cursor, sort, code, q)


SeeingDep = Annotated[Seeing, Depends(_seeing)]


def answer(seeing: Seeing, layer: str, view: type[View], items_of: ItemsOf) -> Response:
    """The view of a layer; `items_of` makes the items of some of its lines."""
    runs = runs_of(seeing.session, seeing.asked)
    grouping = seeing.asked.grouping(seeing.caller)
    data = workflow.load_view(seeing.session, seeing.asked, runs, layer, grouping)
    present = Presenter(
        data=data,
        language=seeing.language,
        used=Quantities(seeing.session, data.with_runs, "unit_driver"),
        capacities=Quantities(seeing.session, data.with_runs, "capacity_driver"),
    )
    lines = _chosen(seeing, data, present)
    if seeing.export is not None:
        return _export(seeing.export, view, items_of(data, present, lines))
    bound = {
        **vars(seeing.asked),
        "view": view.__name__,
        "runs": workflow.ids_of(runs),
        "own": seeing.caller.consumers,
        "sort": seeing.sort,
        "code": seeing.code,
        "q": seeing.q,
    }
    shown, _, cursor = page_of(lines, seeing.limit, seeing.cursor, bound)
    items = items_of(data, present, list(shown))
    return as_json({**_head(seeing, data, present), "items": items, "next_cursor": cursor})


def as_json(answer: Mapping[str, Any]) -> Response:
    """An answer written at once, amounts as exact text."""
    content = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), default=_text)
    return Response(content, media_type="application/json")


def _text(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)


def _chosen(seeing: Seeing, data: ViewData, present: Presenter) -> list[Line]:
    lines = narrowed(data.lines, seeing.code, seeing.q)
    if not seeing.sort:
        return lines
    known = SORTABLE if data.layer == "pool" else (*SORTABLE, *SORTABLE_USE)
    for part in seeing.sort.split(","):
        name = part.strip().removeprefix("-")
        if name not in known:
            error = FieldError(
                "query:/sort", "unknown_field", f"sort by one of: {', '.join(known)}"
            )
            raise RuleBroken(f"cannot sort by {name!r}", code="bad_sort", errors=[error])
    return in_order(lines, seeing.sort, present.read)


def _head(seeing: Seeing, data: ViewData, present: Presenter) -> Item:
    """What a view says of itself; totals of all are not for a caller bound to some consumers."""
    totals = workflow.run_totals(data.runs, data.measure)
    is_bound = seeing.caller.consumers is not None
    budget, sources = present.budget, data.budgets.sources
    return {
        "measure": data.measure,
        "scenario": data.runs[0].scenario if data.runs else None,
        "currency": data.currency,
        "periods": data.periods,
        "runs": workflow.ids_of(data.runs),
        "total": present.total,
        "unallocated": NOTHING if is_bound else totals["unallocated"],
        "budget": budget,
        "variance": None if budget is None else EXACT.subtract(present.total, budget),
        "budget_source": "mixed" if len(sources) > 1 else "".join(sources) or None,
        "budgets_left_out": data.budgets.left_out,
        "totals": None if is_bound else totals,
    }


def _export(kind: str, view: type[View], items: Iterable[Item]) -> Response:
    item_type = view.model_fields["items"].annotation.__args__[0]  # type: ignore[union-attr]
    columns = list(item_type.model_fields)
    rows = ([_cell(item[column]) for column in columns] for item in items)
    return export_rows(kind, view.__name__, columns, rows)


def _cell(value: Any) -> Any:
    """Nested parts with amounts as text, everything else as it is."""
    if isinstance(value, list | dict):
        return json.loads(json.dumps(value, default=_text))
    return value
