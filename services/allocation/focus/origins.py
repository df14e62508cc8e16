"""A cost line as a FOCUS charge: its dimensions and the metrics that can be added up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from shared.money import decimals_of
from shared.periods import first_day, next_period


@dataclass(frozen=True)
class Origin:
    """A cost line; columns of a FOCUS bill that no line field takes stand in `fields`."""

    id: UUID
    external_id: str | None
    source: str
    period: str
    amount: Decimal
    currency: str
    posted_on: date | None
    cost_type: str | None
    account: str | None
    cost_center: str | None
    vendor: str | None
    document: str | None
    description: str | None
    asset: str | None
    tags: Mapping[str, str]
    fields: Mapping[str, str]


Reader = Callable[[Origin], str | None]


def _field(name: str) -> Reader:
    return lambda origin: origin.fields.get(name) or None


def _or(name: str, otherwise: Reader) -> Reader:
    return lambda origin: origin.fields.get(name) or otherwise(origin)


def _provider(origin: Origin) -> str:
    return origin.vendor or origin.source


def _at(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _month_start(origin: Origin) -> str:
    return _at(first_day(origin.period))


def _month_end(origin: Origin) -> str:
    return _at(first_day(next_period(origin.period)))


def _charged_from(origin: Origin) -> str:
    return _at(origin.posted_on) if origin.posted_on else _month_start(origin)


def _charged_to(origin: Origin) -> str:
    """The day after it was posted; the end of the month for lines without a day."""
    return _at(origin.posted_on + timedelta(days=1)) if origin.posted_on else _month_end(origin)


DIMENSIONS: Mapping[str, Reader] = {
    "BillingAccountId": lambda o: o.account or o.cost_center or o.source,
    "BillingAccountName": _field("BillingAccountName"),
    "BillingAccountType": _field("BillingAccountType"),
    "BillingCurrency": lambda o: o.currency,
    "BillingPeriodStart": _month_start,
    "BillingPeriodEnd": _or("BillingPeriodEnd", _month_end),
    "ChargeCategory": _or("ChargeCategory", lambda _: "Usage"),
    "ChargeClass": _field("ChargeClass"),
    "ChargeDescription": lambda o: o.description,
    "ChargeFrequency": _field("ChargeFrequency"),
    "ChargePeriodStart": _charged_from,
    "ChargePeriodEnd": _or("ChargePeriodEnd", _charged_to),
    "ConsumedUnit": _field("ConsumedUnit"),
    "ContractedUnitPrice": _field("ContractedUnitPrice"),
    "HostProviderName": _field("HostProviderName"),
    "InvoiceId": lambda o: o.document,
    "InvoiceIssuerName": _or("InvoiceIssuerName", _provider),
    "ListUnitPrice": _field("ListUnitPrice"),
    "PricingCategory": _field("PricingCategory"),
    "PricingUnit": _field("PricingUnit"),
    "ProviderName": _or("ProviderName", _provider),
    "PublisherName": _or("PublisherName", _provider),
    "RegionId": _field("RegionId"),
    "RegionName": _field("RegionName"),
    "ResourceId": lambda o: o.asset,
    "ResourceName": _field("ResourceName"),
    "ResourceType": _field("ResourceType"),
    "ServiceCategory": _or("ServiceCategory", lambda _: "Other"),
    "ServiceName": _or("ServiceName", lambda o: o.account or o.source),
    "ServiceProviderName": _or("ServiceProviderName", _provider),
    "ServiceSubcategory": _field("ServiceSubcategory"),
    "SkuId": _field("SkuId"),
    "SkuPriceId": _field("SkuPriceId"),
    "SubAccountId": _field("SubAccountId"),
    "SubAccountName": _field("SubAccountName"),
}
"""What every part of a charge has in common with the charge itself."""

COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
QUANTITIES = ("ConsumedQuantity", "PricingQuantity")
LONGEST = Decimal(10) ** 20


def metrics_of(origin: Origin) -> dict[str, Decimal | None]:
    """What can be added up: four costs in the line's own currency, two quantities.

    A bill's own columns count; a cost that the line does not have is its amount.
    """
    costs = {name: _decimal(origin.fields.get(name)) for name in COSTS}
    found: dict[str, Decimal | None] = {
        name: origin.amount if cost is None else cost for name, cost in costs.items()
    }
    return found | {name: _decimal(origin.fields.get(name)) for name in QUANTITIES}


def _decimal(text: str | None) -> Decimal | None:
    """The decimal that a text writes, if it is one that fits into 38 digits."""
    try:
        value = Decimal(text) if text else None
    except InvalidOperation:
        return None
    if value is None or not value.is_finite() or abs(value) >= LONGEST:
        return None
    return value if decimals_of(value) <= 18 else None
