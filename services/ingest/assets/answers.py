"""Assets as callers see them, with their use and their worth in a month."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from services.ingest.assets import publication_repository, repository
from services.ingest.assets.domain import MonthOfLife, Purchase, depreciation_in, utilisation
from services.ingest.facts.repository import stream
from shared.contracts.ingest.assets import AssetAnswer, AssetObjectState, DepreciationOfMonth
from shared.contracts.values import name_in
from shared.database import new_session
from shared.http.etags import etag_of
from shared.periods import Period
from shared.tables.ingest.assets import Asset

STRETCH = 1_000
COLUMNS = (
    "id", "code", "names", "class", "status", "vendor", "serial_number", "cost", "currency",
    "residual_value", "purchased_on", "useful_life_months", "life_ends", "capacity",
    "utilisation_driver", "kwh", "embodied_kgco2e", "tower", "solution", "consumer", "tags",
    "period", "used", "utilisation", "depreciation_amount", "accumulated_depreciation",
    "book_value",
)  # fmt: skip
_OWN = (
    "code", "names", "status", "vendor", "serial_number", "cost", "currency", "residual_value",
    "purchased_on", "useful_life_months", "life_ends", "capacity", "utilisation_driver", "kwh",
    "embodied_kgco2e", "tower", "solution", "consumer", "tags", "live_from",
)  # fmt: skip


def purchase_of(row: Asset | Row[Any]) -> Purchase | None:
    """What depreciates; nothing when the cost, the day or the useful life is not known."""
    if row.cost is None or row.currency is None:
        return None
    if row.purchased_on is None or row.useful_life_months is None:
        return None
    left = row.residual_value or Decimal(0)
    return Purchase(row.cost, left, row.currency, row.purchased_on, row.useful_life_months)


def month_answer(found: MonthOfLife, purchase: Purchase) -> DepreciationOfMonth:
    """One month of a depreciation."""
    return DepreciationOfMonth(**vars(found), months=purchase.months)


def answers(
    session: Session,
    rows: Sequence[Asset],
    period: Period,
    language: str,
    driver: str | None = None,
) -> list[AssetAnswer]:
    """Assets with their figures of a month; `driver` stands in for the assets' own."""
    drivers = {row.code: driver or row.utilisation_driver for row in rows}
    measured = {code: name for code, name in drivers.items() if name is not None}
    used = repository.used_quantities(session, period, measured) if measured else {}
    told = publication_repository.find_told(session, rows)
    return [
        AssetAnswer(
            **row.model_dump(include=set(_OWN)),
            **{"class": row.asset_class, "import": row.import_id},
            id=row.asset_id,
            name=name_in(row.names, language),
            period=period,
            used=used.get(row.code),
            utilisation=utilisation(used.get(row.code), row.capacity),
            depreciation=_depreciation(row, period),
            resource=_resource(row, told.get(row.asset_id)),
            etag=etag_of(row.asset_id, row.live_from),
        )
        for row in rows
    ]


def all_answers(
    query: Any, order: Any, period: Period, language: str, driver: str | None = None
) -> Iterator[AssetAnswer]:
    """All assets of a query in an order, read and answered stretch by stretch."""
    with new_session() as session, new_session() as beside:
        rows = stream(session, query, order)
        while stretch := list(islice(rows, STRETCH)):
            yield from answers(beside, stretch, period, language, driver)


def exported(answer: AssetAnswer) -> tuple[Any, ...]:
    """An asset in the order of COLUMNS."""
    worth = answer.depreciation
    figures = {
        "class": answer.asset_class,
        "depreciation_amount": worth and worth.amount,
        "accumulated_depreciation": worth and worth.accumulated,
        "book_value": worth and worth.book_value,
    }
    return tuple(figures[name] if name in figures else getattr(answer, name) for name in COLUMNS)


def _depreciation(row: Asset, period: Period) -> DepreciationOfMonth | None:
    purchase = purchase_of(row)
    if purchase is None:
        return None
    found = depreciation_in(purchase, period)
    return None if found is None else month_answer(found, purchase)


def _resource(row: Asset, told: Row[Any] | None) -> AssetObjectState:
    if row.tower is None:
        return AssetObjectState(status="none")
    if told is None or told.told < row.live_from:
        return AssetObjectState(status="pending")
    if told.code is None:
        return AssetObjectState(status="published")
    return AssetObjectState(status="refused", code=told.code, message=told.message)
