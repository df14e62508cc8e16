"""`/v1/data-quality-rules`: what users hold the lines of every source to."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session

from services.ingest.data_quality.rules import answers, repository
from services.ingest.data_quality.rules.answers import answer
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.data_quality import (
    QualityResultAnswer,
    QualityRuleAnswer,
    QualityRulePatch,
    QualityRuleRequest,
    RuleMeasure,
    Severity,
)
from shared.contracts.jobs import Page
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import Conflict, Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.language import LanguageDep
from shared.http.natural_keys import check_key_stays
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.data_quality import QualityResult, QualityRule

SERVICE, NOUN = "ingest", "data_quality_rule"
WRITE = [Needs("ingest:write")]
SORTABLE = {
    name: getattr(QualityRule, name)
    for name in ("code", "measure", "severity", "created_at", "updated_at")
}
router = new_router("/v1/data-quality-rules", "data quality", [Needs("ingest:read")])


@router.get("", summary="List rules of data quality", operation_id="list_data_quality_rules")
def list_rules(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    code: Annotated[str | None, Query(max_length=200)] = None,
    measure: RuleMeasure | None = None,
    severity: Severity | None = None,
    active: bool | None = None,
) -> Page[QualityRuleAnswer]:
    """By code unless sorted otherwise."""
    filters = {"code": code, "measure": measure, "severity": severity, "active": active}
    rows, cursor = list_page(
        session,
        repository.list_query(filters),
        page,
        sortable=SORTABLE,
        default_sort="code",
        filters=filters,
        unique=QualityRule.id,
    )
    return Page(items=[answer(row, language) for row in rows], next_cursor=cursor)


@router.get(
    "/{rule_id:uuid}", summary="Read a rule of data quality", operation_id="get_data_quality_rule"
)
def get_rule(
    rule_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> QualityRuleAnswer:
    """One rule; its ETag is needed to change it."""
    row = repository.get_rule(session, rule_id)
    set_etag(response, row)
    return answer(row, language)


@router.get(
    "/{rule_id:uuid}/results",
    summary="List what a rule found",
    operation_id="list_data_quality_results",
)
def list_results(
    rule_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    period: Period | None = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[QualityResultAnswer]:
    """Newest first: one row for each time that it found something else than before."""
    repository.get_rule(session, rule_id)
    rows, cursor = list_page(
        session,
        repository.results_query(rule_id, period, source),
        page,
        sortable={"id": QualityResult.id, "period": QualityResult.period},
        default_sort="-id",
        filters={"rule": str(rule_id), "period": period, "source": source},
        unique=QualityResult.id,
    )
    items = [
        QualityResultAnswer(**row.model_dump(exclude={"rule_id", "change_number"})) for row in rows
    ]
    return Page(items=items, next_cursor=cursor)


@router.post(
    "",
    summary="Add a rule of data quality",
    operation_id="create_data_quality_rule",
    status_code=201,
    dependencies=WRITE,
)
def create_rule(
    request: QualityRuleRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> QualityRuleAnswer:
    """409 `code_taken` when there is one of this code; recent periods are evaluated soon."""
    answers.check(request)
    if repository.find_by_codes(session, [request.code]):
        raise Conflict(f"there is a rule {request.code}", code="code_taken")
    row = answers.new_row(request)
    session.add(row)
    session.flush()
    after = row.model_dump()
    trail.record(session, caller, SERVICE, "create", NOUN, str(row.id), after=after)
    set_etag(response, row)
    return answer(row, language)


@router.put(
    "/{rule_id:uuid}",
    summary="Replace a rule of data quality",
    operation_id="replace_data_quality_rule",
    dependencies=WRITE,
)
def replace_rule(
    rule_id: UUID,
    request: QualityRuleRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    if_match: IfMatchDep,
    response: Response,
) -> QualityRuleAnswer:
    """All but the code, which stays (422 `key_fixed`)."""
    row = repository.lock_rule(session, rule_id)
    check_if_match(if_match, row)
    check_key_stays(row, request, ["code"])
    _change(session, caller, row, request)
    set_etag(response, row)
    return answer(row, language)


@router.patch(
    "/{rule_id:uuid}",
    summary="Change a rule of data quality",
    operation_id="update_data_quality_rule",
    dependencies=WRITE,
)
def update_rule(
    rule_id: UUID,
    request: QualityRulePatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    if_match: IfMatchDep,
    response: Response,
) -> QualityRuleAnswer:
    """A merge patch; null empties `field` and `currency`, and is refused elsewhere."""
    row = repository.lock_rule(session, rule_id)
    check_if_match(if_match, row)
    _change(session, caller, row, answers.patched(row, request))
    set_etag(response, row)
    return answer(row, language)


def _change(
    session: Session, caller: Caller, row: QualityRule, request: QualityRuleRequest
) -> None:
    answers.check(request)
    before = row.model_dump()
    if answers.apply(row, request):
        row.version += 1
        session.add(row)
        session.flush()
        after = row.model_dump()
        trail.record(
            session, caller, SERVICE, "update", NOUN, str(row.id), before=before, after=after
        )


@router.delete(
    "/{rule_id:uuid}",
    summary="Delete a rule of data quality",
    operation_id="delete_data_quality_rule",
    status_code=204,
    dependencies=WRITE,
)
def delete_rule(
    rule_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """With all that it found; to keep that, set `active` to false."""
    row = repository.lock_rule(session, rule_id)
    check_if_match(if_match, row)
    before = row.model_dump()
    session.delete(row)
    trail.record(session, caller, SERVICE, "delete", NOUN, str(row.id), before=before)


@router.post(
    "/bulk",
    summary="Add or change many rules of data quality",
    operation_id="bulk_data_quality_rules",
    dependencies=WRITE,
)
def bulk_rules(
    request: BulkRequest[QualityRuleRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code."""
    items = read_items(QualityRuleRequest, request.items)
    good = [item for item in items if not isinstance(item, Problem)]
    known = repository.find_by_codes(session, (item.code for item in good))

    def apply_one(item: QualityRuleRequest) -> Outcome:
        answers.check(item)
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = answers.new_row(item)
            session.add(row)
            return "created", row.id
        if not answers.apply(row, item):
            return "unchanged", row.id
        if row not in session.new:
            row.version += 1
        session.add(row)
        return "updated", row.id

    done = apply_items(session, items, how, apply_one)
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", NOUN, "", details=details)
    return done
