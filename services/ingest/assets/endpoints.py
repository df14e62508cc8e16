"""`/v1/assets`: reading and changing assets."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel import Session, col

from services.ingest.assets import repository
from services.ingest.assets.answers import (
    COLUMNS,
    all_answers,
    answers,
    exported,
    month_answer,
    purchase_of,
)
from services.ingest.assets.changing import KnownAsset, change_asset, push_assets
from services.ingest.assets.domain import schedule
from services.ingest.personal_data.masking import masked
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.assets import AssetAnswer, AssetPatch, AssetRequest, AssetSchedule
from shared.contracts.jobs import Page
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import Conflict
from shared.http.bulk import BulkQueryDep, bulk_details, finish_bulk, read_items
from shared.http.etags import IfMatchDep, check_if_match
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.query_parameters import TAG_PARAMETER, read_open_filters
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.periods import period_of
from shared.tables.ingest.assets import Asset

SERVICE = "ingest"
WRITE = [Needs("ingest:write")]
router = new_router("/v1/assets", "assets", [Needs("ingest:read")])
Short = Annotated[str | None, Query(max_length=500)]
OfPeriod = Annotated[
    Period | None, Query(description="The month of the figures; this month if not given")
]
OfDriver = Annotated[
    str | None, Query(max_length=200, description="Measure the use by this driver instead")
]


def this_month() -> Period:
    """The month that it is now in UTC."""
    return period_of(utc_now().date())


@router.get(
    "",
    summary="List assets",
    operation_id="list_assets",
    responses=EXPORT_RESPONSES,
    openapi_extra=TAG_PARAMETER,
    response_model=Page[AssetAnswer],
)
def list_assets(
    request: Request,
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    language: LanguageDep,
    code: Short = None,
    asset_class: Annotated[str | None, Query(alias="class", max_length=500)] = None,
    status: Short = None,
    vendor: Short = None,
    serial_number: Short = None,
    currency: Short = None,
    tower: Short = None,
    solution: Short = None,
    consumer: Short = None,
    import_id: Annotated[UUID | None, Query(alias="import")] = None,
    period: OfPeriod = None,
    driver: OfDriver = None,
) -> Any:
    """By code unless sorted otherwise. `tags.x=` filters as well."""
    filters = {
        "code": code, "asset_class": asset_class, "status": status, "vendor": vendor,
        "serial_number": serial_number, "currency": currency, "tower": tower,
        "solution": solution, "consumer": consumer, "import_id": import_id,
    }  # fmt: skip
    tags = read_open_filters(request)
    query = repository.list_query(filters, tags)
    month = period or this_month()
    if export is not None:
        rows = map(exported, all_answers(query, col(Asset.code), month, language, driver))
        return export_rows(export, "assets", COLUMNS, rows)
    found, cursor = list_page(
        session,
        query,
        page,
        sortable={
            "code": Asset.code,
            "cost": Asset.cost,
            "purchased_on": Asset.purchased_on,
            "life_ends": Asset.life_ends,
        },
        default_sort="code",
        filters={**filters, "tags": sorted(tags.items()) or None},
        unique=Asset.id,
    )
    items = answers(session, found, month, language, driver)
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/{asset_id:uuid}", summary="Read an asset", operation_id="get_asset", openapi_extra=COMPUTED
)
def get_asset(
    asset_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    response: Response,
    period: OfPeriod = None,
    driver: OfDriver = None,
) -> AssetAnswer:
    """One asset; its ETag is needed to change it."""
    row = repository.get_asset(session, asset_id)
    return _single(session, row, language, response, period, driver)


def _single(
    session: Session,
    row: Asset,
    language: str,
    response: Response,
    period: Period | None = None,
    driver: str | None = None,
) -> AssetAnswer:
    (answer,) = answers(session, [row], period or this_month(), language, driver)
    response.headers["ETag"] = answer.etag
    return answer


@router.get(
    "/{asset_id:uuid}/depreciation",
    summary="Read the depreciation of an asset",
    operation_id="get_asset_depreciation",
)
def get_depreciation(asset_id: UUID, session: SessionDep) -> AssetSchedule:
    """Every month of its useful life; 409 `no_figures` without cost, day or useful life."""
    row = repository.get_asset(session, asset_id)
    purchase = purchase_of(row)
    if purchase is None:
        message = "the cost, the day of purchase or the useful life is not known"
        raise Conflict(message, code="no_figures")
    return AssetSchedule(
        id=row.asset_id,
        code=row.code,
        currency=purchase.currency,
        cost=purchase.cost,
        residual_value=purchase.residual_value,
        items=[month_answer(month, purchase) for month in schedule(purchase)],
    )


@router.patch(
    "/{asset_id:uuid}", summary="Change an asset", operation_id="update_asset", dependencies=WRITE
)
def update_asset(
    asset_id: UUID,
    request: AssetPatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    if_match: IfMatchDep,
    response: Response,
) -> AssetAnswer:
    """A merge patch: what is given replaces what is there, null empties it."""
    repository.lock_assets(session)
    row = repository.get_asset(session, asset_id)
    check_if_match(if_match, KnownAsset(row.asset_id, row.live_from))
    before = row.model_dump()
    changed = change_asset(session, caller, row, request)
    trail.record(
        session, caller, SERVICE, "update", "asset", str(asset_id),
        before=masked(session, "assets", before),
        after=masked(session, "assets", changed.model_dump()),
    )  # fmt: skip
    return _single(session, changed, language, response)


@router.delete(
    "/{asset_id:uuid}",
    summary="Delete an asset",
    operation_id="delete_asset",
    status_code=204,
    dependencies=WRITE,
)
def delete_asset(
    asset_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Its lines and its resource in allocation stay; sent again it has the same id."""
    repository.lock_assets(session)
    row = repository.get_asset(session, asset_id)
    check_if_match(if_match, KnownAsset(row.asset_id, row.live_from))
    before = masked(session, "assets", row.model_dump())
    repository.end_asset(session, row)
    trail.record(session, caller, SERVICE, "delete", "asset", str(asset_id), before=before)


@router.post(
    "/bulk", summary="Add or change many assets", operation_id="bulk_assets", dependencies=WRITE
)
def bulk_assets(
    request: BulkRequest[AssetRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code. Assets with a tower become resources of allocation a moment later."""
    items = read_items(AssetRequest, request.items)
    results = push_assets(session, caller, items)
    done = finish_bulk(session, results, how)
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "push", "asset", "", details=details)
    return done
