"""Assets to look at: at the end of their lives, or perhaps bought twice."""

from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col

from services.ingest.assets import lookalike_repository, repository
from services.ingest.assets.answers import COLUMNS, all_answers, answers, exported
from services.ingest.assets.domain import GONE
from services.ingest.assets.endpoints import OfPeriod, Short, this_month
from shared.auth import Needs
from shared.contracts.ingest.assets import (
    AssetAnswer,
    EndingAsset,
    PairedAsset,
    PossibleDuplicate,
)
from shared.contracts.jobs import Page
from shared.contracts.values import name_in
from shared.database import SessionDep
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.periods import months_between, next_period
from shared.tables.ingest.assets import Asset

router = new_router("/v1/assets", "assets", [Needs("ingest:read")])


@router.get(
    "/end-of-life",
    summary="List assets at the end of their lives",
    operation_id="list_ending_assets",
    responses=EXPORT_RESPONSES,
    response_model=Page[EndingAsset],
)
def list_ending(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    language: LanguageDep,
    within_months: Annotated[int, Query(ge=0, le=1200, description="So many months ahead")] = 6,
    period: OfPeriod = None,
    code: Short = None,
    asset_class: Annotated[str | None, Query(alias="class", max_length=500)] = None,
    status: Short = None,
    tower: Short = None,
    solution: Short = None,
    consumer: Short = None,
    include_retired: Annotated[
        bool, Query(description="Also those whose status says that they are in use no more")
    ] = False,
) -> Any:
    """Past their useful life, or within the months ahead; the longest past first."""
    filters = {
        "code": code, "asset_class": asset_class, "status": status, "tower": tower,
        "solution": solution, "consumer": consumer,
    }  # fmt: skip
    month = period or this_month()
    until = next_period(month, within_months)
    query = repository.ending_query(until, GONE, filters, include_gone=include_retired)
    if export is not None:
        columns = (*COLUMNS, "months_left", "phase")
        ending = map(_ending, all_answers(query, col(Asset.life_ends), month, language))
        rows = ((*exported(one), one.months_left, one.phase) for one in ending)
        return export_rows(export, "end-of-life", columns, rows)
    found, cursor = list_page(
        session,
        query,
        page,
        sortable={"life_ends": Asset.life_ends, "code": Asset.code, "cost": Asset.cost},
        default_sort="life_ends,code",
        filters={**filters, "until": until, "include_retired": include_retired},
        unique=Asset.id,
    )
    items = [_ending(answer) for answer in answers(session, found, month, language)]
    return Page(items=items, next_cursor=cursor)


def _ending(answer: AssetAnswer) -> EndingAsset:
    left = months_between(answer.period, answer.life_ends or answer.period)
    return EndingAsset(**dict(answer), months_left=left, phase="past" if left < 0 else "ending")


@router.get(
    "/possible-duplicates",
    summary="List assets that may have been bought twice",
    operation_id="list_possible_duplicates",
)
def list_duplicates(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    within_days: Annotated[
        int, Query(ge=0, le=3660, description="Bought at most so many days apart")
    ] = 31,
    code: Annotated[str | None, Query(max_length=200, description="Of either")] = None,
) -> Page[PossibleDuplicate]:
    """Pairs of the same class, cost and currency with the same vendor or a name that is alike.

    Also pairs of one class with the same serial number, whatever they cost. Assets with serial
    numbers of their own are not alike. Each asset is paired with the one bought before it.
    """
    query, columns = lookalike_repository.pairs_query(within_days, code)
    found, cursor = list_page(
        session,
        query,
        page,
        sortable={"code": columns.second_code, "purchased_on": columns.purchased_on,
                  "days_apart": columns.days_apart},
        default_sort="code",
        filters={"within_days": within_days, "code": code},
        unique=columns.pair,
    )  # fmt: skip
    versions = lookalike_repository.find_versions(
        session, {row.first_id for row in found} | {row.second_id for row in found}
    )
    items = [
        PossibleDuplicate(
            first=_paired(versions[row.first_id], language),
            second=_paired(versions[row.second_id], language),
            days_apart=row.days_apart,
            reasons=row.reasons,
        )
        for row in found
    ]
    return Page(items=items, next_cursor=cursor)


def _paired(row: Asset, language: str) -> PairedAsset:
    return PairedAsset(
        id=row.asset_id,
        code=row.code,
        name=name_in(row.names, language),
        **{"class": row.asset_class},
        vendor=row.vendor,
        serial_number=row.serial_number,
        cost=row.cost,
        currency=row.currency,
        purchased_on=row.purchased_on,
    )
