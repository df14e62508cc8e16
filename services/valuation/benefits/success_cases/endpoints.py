"""`/v1/cases`: what went well, told over the figures of approved reviews."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.valuation.benefits.reviews import repository as reviews
from services.valuation.benefits.success_cases import repository
from services.valuation.benefits.success_cases.figures import freeze_figures, shown_figures
from services.valuation.changes import merge_names, read_patch, write_changes
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.jobs import Page
from shared.contracts.valuation.cases import CaseAnswer, CasePatch, CaseRequest
from shared.contracts.values import name_in
from shared.database import SessionDep, new_session
from shared.errors import Conflict, NotFound, RuleBroken
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.links import href
from shared.http.query_parameters import TAG_PARAMETER, read_open_filters
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.cases import SuccessCase
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview

SERVICE = "valuation"
NEVER_NULL = {"names", "story", "tags", "published"}
LONGEST_OWN_CODE = 180
EXPORT_COLUMNS = (
    "id", "code", "name", "published", "review", "initiative", "initiative_name", "solution",
    "value_chain_stage", "kpis", "tags", "summary", "created_at",
)  # fmt: skip
CodeQuery = Annotated[str | None, Query(max_length=200)]

router = new_router("/v1/cases", "cases", [Needs("valuation:read")])


def case_answer(row: SuccessCase, language: str) -> CaseAnswer:
    """A row as callers see it."""
    own = {"version", "review_id", "initiative_names", "figures"}
    return CaseAnswer(
        **row.model_dump(exclude=own),
        etag=etag_of(row.id, row.version),
        name=name_in(row.names, language),
        review=row.review_id,
        review_href=href(f"/v1/post-implementation-reviews/{row.review_id}"),
        initiative_name=name_in(row.initiative_names, language),
        figures=shown_figures(row.figures, language),
    )


@router.get(
    "",
    summary="List success cases",
    operation_id="list_cases",
    responses=EXPORT_RESPONSES,
    openapi_extra=TAG_PARAMETER,
)
def list_cases(
    http: Request,
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    export: ExportDep,
    code: CodeQuery = None,
    solution: CodeQuery = None,
    value_chain_stage: CodeQuery = None,
    initiative: CodeQuery = None,
    review: Annotated[UUID | None, Query()] = None,
    kpi: Annotated[str | None, Query(max_length=200, description="A KPI of its results")] = None,
    tag: Annotated[str | None, Query(max_length=200, description="A tag that it has")] = None,
    published: Annotated[bool | None, Query()] = None,
    q: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Words in its texts")
    ] = None,
) -> Page[CaseAnswer] | Any:
    """Ordered by code unless sorted otherwise; `tags.x=y` filters by a tag's value."""
    tags = read_open_filters(http)
    equal = {
        "code": code,
        "solution": solution,
        "value_chain_stage": value_chain_stage,
        "initiative": initiative,
        "review_id": review,
        "published": published,
    }
    wanted = repository.Wanted(equal, kpi, tag, tags, q)
    if export is not None:
        return export_rows(export, "cases", EXPORT_COLUMNS, _exported(wanted, language))
    rows, cursor = list_page(
        session,
        repository.list_query(wanted),
        page,
        sortable={
            "code": SuccessCase.code,
            "initiative": SuccessCase.initiative,
            "created_at": SuccessCase.created_at,
        },
        default_sort="code",
        filters=wanted.as_filters(),
        unique=SuccessCase.id,
    )
    return Page(items=[case_answer(row, language) for row in rows], next_cursor=cursor)


def _exported(wanted: repository.Wanted, language: str) -> Iterator[list[Any]]:
    with new_session() as session:
        for row in repository.walk(session, repository.list_query(wanted)):
            shown = case_answer(row, language)
            yield [getattr(shown, column) for column in EXPORT_COLUMNS]


@router.post(
    "",
    summary="Tell a success case",
    operation_id="create_case",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_case(
    request: CaseRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> CaseAnswer:
    """409 `review_not_approved`, and `code_taken` when the code exists."""
    try:
        review, initiative = reviews.get_review(session, request.review, lock=True)
    except NotFound:
        message = f"no post-implementation review {request.review}"
        raise RuleBroken.at("/review", "unknown_review", message) from None
    if review.state != "approved":
        raise Conflict("a case is told of an approved review", code="review_not_approved")
    row = _new_row(request, review, initiative, caller.subject)
    if repository.find_by_code(session, row.code) is not None:
        raise Conflict(f"the case {row.code} exists", code="code_taken")
    session.add(row)
    session.flush()
    trail.record(session, caller, SERVICE, "create", "case", str(row.id), after=row.model_dump())
    set_etag(response, row)
    return case_answer(row, language)


def _new_row(
    request: CaseRequest, review: PostImplementationReview, initiative: Initiative, subject: str
) -> SuccessCase:
    now = utc_now()
    own_code = f"{initiative.code[:LONGEST_OWN_CODE]}@{review.due_on.isoformat()}"
    return SuccessCase(
        code=request.code or own_code,
        review_id=review.id,
        initiative=initiative.code,
        initiative_names=dict(initiative.names),
        solution=initiative.solution,
        value_chain_stage=initiative.value_chain_stage,
        names=request.names.stored(),
        summary=request.summary.stored() if request.summary is not None else None,
        story=request.story.stored(),
        tags=request.tags,
        kpis=sorted({result["kpi"] for result in review.results if result["kpi"] is not None}),
        published=request.published,
        figures=freeze_figures(review),
        created_by=subject,
        created_at=now,
        updated_at=now,
    )


@router.get("/{case_id:uuid}", summary="Read a success case", operation_id="get_case")
def get_case(
    case_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> CaseAnswer:
    """One case; its ETag is needed to change it."""
    row = repository.get_case(session, case_id)
    set_etag(response, row)
    return case_answer(row, language)


@router.patch(
    "/{case_id:uuid}",
    summary="Change the words of a success case",
    operation_id="update_case",
    dependencies=[Needs("valuation:write")],
)
def update_case(
    case_id: UUID,
    patch: CasePatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchDep,
) -> CaseAnswer:
    """A merge patch of its words; figures, review and code stay."""
    row = repository.get_case(session, case_id, lock=True)
    check_if_match(if_match, row)
    before = row.model_dump(exclude={"figures"})
    if write_changes(row, _given(patch, row)):
        session.add(row)
        session.flush()
        trail.record(
            session, caller, SERVICE, "update", "case", str(case_id),
            before=before, after=row.model_dump(exclude={"figures"}),
        )  # fmt: skip
    set_etag(response, row)
    return case_answer(row, language)


def _given(patch: CasePatch, row: SuccessCase) -> dict[str, Any]:
    """What a patch sets, as the row keeps it; given parts of the story replace theirs."""
    given = read_patch(patch, never_null=NEVER_NULL)
    if patch.names is not None:
        given["names"] = merge_names(row.names, patch.names)
    if patch.summary is not None:
        given["summary"] = patch.summary.stored()
    if patch.story is not None:
        told = row.story | patch.story.stored()
        cleared = {
            part for part in patch.story.model_fields_set if getattr(patch.story, part) is None
        }
        given["story"] = {part: told[part] for part in told if part not in cleared}
    if patch.tags is not None:
        merged = row.tags | patch.tags
        given["tags"] = {name: value for name, value in merged.items() if value is not None}
    return given


@router.delete(
    "/{case_id:uuid}",
    summary="Delete a success case",
    operation_id="delete_case",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_case(
    case_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """The case goes, its review stays."""
    row = repository.get_case(session, case_id, lock=True)
    check_if_match(if_match, row)
    session.delete(row)
    trail.record(session, caller, SERVICE, "delete", "case", str(case_id), before=row.model_dump())
