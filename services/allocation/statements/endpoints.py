"""`/v1/statements`: making, reading and issuing bills."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Response
from sqlmodel import Session, col

from services.allocation.statements import answers, repository, workflow
from services.allocation.statements.sheet import statement_sheet
from shared.auth import OWN_PART, Caller, CallerDep, Needs
from shared.contracts.allocation.statements import (
    StatementAnswer,
    StatementLineAnswer,
    StatementsIssued,
    StatementsMade,
    StatementsRequest,
    StatementSummary,
    StatementTotal,
    StatementTotals,
    Status,
)
from shared.contracts.jobs import Page
from shared.contracts.values import HeaderText, Period
from shared.database import SessionDep, new_session
from shared.http.etags import set_etag
from shared.http.exports import (
    CSV,
    EXPORT_RESPONSES,
    XLSX,
    ExportDep,
    chosen_export,
    export_rows,
)
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.pagination import MAX_LIMIT, PageQuery, PageQueryDep, list_page
from shared.tables.allocation.statements import Statement

router = new_router("/v1/statements", "statements", [Needs("allocation:read")])
WRITE = [Needs("allocation:write")]
CodeQuery = Annotated[str | None, Query(max_length=200)]
SORTABLE = {
    name: getattr(Statement, name)
    for name in ("code", "period", "consumer", "status", "amount", "created_at", "issued_at")
}
LIST_COLUMNS = tuple(StatementSummary.model_fields)
LINE_COLUMNS = tuple(StatementLineAnswer.model_fields)
EXPORT_BATCH = 500


async def _format(
    accept: Annotated[
        HeaderText | None, Header(description=f"`application/json`, `{CSV}` or `{XLSX}`")
    ] = None,
) -> str | None:
    return chosen_export(accept, (CSV, XLSX))


FormatDep = Annotated[str | None, Depends(_format)]
FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "contentMediaType": XLSX}},
        }
    }
}


@router.post(
    "",
    summary="Make the statements of a period",
    operation_id="create_statements",
    status_code=201,
    dependencies=WRITE,
    responses={200: {"model": StatementsMade, "description": "They were there already"}},
)
def create_statements(
    asked: StatementsRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> StatementsMade:
    """One draft per consumer with a bill, from the published run (409 `no_published_run`).

    For the same run again nothing changes; for a newer one drafts are replaced, and issued
    statements stay with a draft beside them that is to correct them.
    """
    made = workflow.make_statements(session, caller, asked.period)
    if not made.created:
        response.status_code = 200
    filters = {"period": asked.period, "run": made.run.id}
    rows, cursor = _page(session, caller, PageQuery(limit=MAX_LIMIT), filters)
    return StatementsMade(
        period=asked.period,
        run=made.run.id,
        currency=made.run.currency,
        total=made.total,
        statements=made.statements,
        created=made.created,
        replaced=made.replaced,
        unchanged=made.statements - made.created,
        items=answers.summaries(session, rows, caller, language),
        next_cursor=cursor,
    )


def _page(
    session: Session, caller: Caller, page: PageQuery, filters: dict[str, Any]
) -> tuple[list[Statement], str | None]:
    bound = {**filters, "consumers": caller.consumers}
    return list_page(
        session,
        repository.list_query(caller.consumers, **filters),
        page,
        sortable=SORTABLE,
        default_sort="code",
        filters=bound,
        unique=col(Statement.id),
    )


@router.get(
    "",
    summary="List statements",
    operation_id="list_statements",
    dependencies=[OWN_PART],
    response_model=Page[StatementSummary],
    responses=EXPORT_RESPONSES,
)
def list_statements(
    session: SessionDep,
    caller: CallerDep,
    page: PageQueryDep,
    export: ExportDep,
    language: LanguageDep,
    period: Period | None = None,
    consumer: CodeQuery = None,
    status: Status | None = None,
    code: Annotated[str | None, Query(max_length=250)] = None,
    run: UUID | None = None,
    under: Annotated[
        str | None, Query(max_length=200, description="This consumer and all below it")
    ] = None,
) -> Page[StatementSummary] | Response:
    """Ordered by code unless sorted otherwise. A caller bound to consumers sees issued ones."""
    filters = {"period": period, "consumer": consumer, "status": status, "code": code, "run": run}
    filters["under_code"] = under
    if export is not None:
        cells = _cells(caller, page.sort, filters, language)
        return export_rows(export, "statements", LIST_COLUMNS, cells)
    rows, cursor = _page(session, caller, page, filters)
    return Page(items=answers.summaries(session, rows, caller, language), next_cursor=cursor)


def _cells(
    caller: Caller, sort: str | None, filters: dict[str, Any], language: str
) -> Iterator[tuple[Any, ...]]:
    """The whole list, page by page while it is written out."""
    cursor, has_more = None, True
    while has_more:
        with new_session() as session:
            rows, cursor = _page(session, caller, PageQuery(EXPORT_BATCH, cursor, sort), filters)
            found = answers.summaries(session, rows, caller, language)
        has_more = cursor is not None
        for one in found:
            yield tuple(getattr(one, name) for name in LIST_COLUMNS)


@router.get(
    "/totals",
    summary="What statements add up to",
    operation_id="get_statement_totals",
    dependencies=[OWN_PART],
)
def get_totals(
    session: SessionDep,
    caller: CallerDep,
    period: Period | None = None,
    consumer: CodeQuery = None,
    status: Status | None = None,
    run: UUID | None = None,
    under: CodeQuery = None,
) -> StatementTotals:
    """Per status and currency, of the statements that the same filters list."""
    query = repository.list_query(
        caller.consumers, period=period, consumer=consumer, status=status, run=run, under_code=under
    )
    items = [
        StatementTotal(status=row[0], currency=row[1], statements=row[2], amount=row[3])
        for row in repository.totals(session, query)
    ]
    return StatementTotals(items=items)


@router.post(
    "/issue",
    summary="Issue all drafts of a period",
    operation_id="issue_statements",
    dependencies=WRITE,
)
def issue_statements(
    asked: StatementsRequest, session: SessionDep, caller: CallerDep
) -> StatementsIssued:
    """Those of the published run; what is issued already stays as it is."""
    run, count = workflow.issue_all(session, caller, asked.period)
    return StatementsIssued(period=asked.period, run=run.id, issued=count)


@router.get(
    "/{statement_id:uuid}",
    summary="Read a statement",
    operation_id="get_statement",
    openapi_extra=COMPUTED,
    dependencies=[OWN_PART],
    response_model=StatementAnswer,
    responses=FORMATS,
)
def get_statement(
    statement_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    wanted: FormatDep,
    response: Response,
) -> StatementAnswer | Response:
    """With its lines, which add up to it; as JSON, CSV (the lines) or XLSX (to be sent out)."""
    row = repository.get_statement(session, statement_id, caller.consumers)
    answer = answers.whole(session, row, caller, language)
    if wanted is None:
        set_etag(response, row)
        return answer
    name = f"statement-{row.period}-{row.revision}"
    if wanted == CSV:
        lines = (tuple(getattr(line, field) for field in LINE_COLUMNS) for line in answer.lines)
        return export_rows(CSV, name, LINE_COLUMNS, lines)
    content = statement_sheet(answer, row.digits, language)
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)


@router.post(
    "/{statement_id:uuid}/issue",
    summary="Issue a statement",
    operation_id="issue_statement",
    dependencies=WRITE,
)
def issue_statement(
    statement_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> StatementAnswer:
    """It never changes afterwards; 409 `wrong_state` when it is no draft, `run_not_published`
    when another run speaks for the period by now."""
    row = workflow.issue_statement(session, caller, statement_id)
    set_etag(response, row)
    return answers.whole(session, row, caller, language)
