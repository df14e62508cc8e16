"""A run's result as split-cost rows: the columns of FOCUS 1.3 under their own names."""

# ruff: noqa: N815 - the standard itself names the columns so

from typing import Literal

from shared.contracts.values import Contract, ExactText


class SplitCostRow(Contract):
    """What part of a charge went where; `Tags` and details are JSON texts, as in the CSV.

    Columns without `x_` are those of the FOCUS 1.3 cost and usage dataset; `Allocated...` are its
    split cost allocation. `AllocatedResourceId` is null for what reached no consumer.
    """

    AllocatedMethodDetails: str
    AllocatedMethodId: str
    AllocatedResourceId: str | None
    AllocatedResourceName: str | None
    AllocatedTags: str | None
    BilledCost: ExactText
    BillingAccountId: str
    BillingAccountName: str | None
    BillingAccountType: str | None
    BillingCurrency: str
    BillingPeriodEnd: str
    BillingPeriodStart: str
    ChargeCategory: str
    ChargeClass: str | None
    ChargeDescription: str | None
    ChargeFrequency: str | None
    ChargePeriodEnd: str
    ChargePeriodStart: str
    ConsumedQuantity: ExactText | None
    ConsumedUnit: str | None
    ContractedCost: ExactText
    ContractedUnitPrice: str | None
    EffectiveCost: ExactText
    HostProviderName: str | None
    InvoiceId: str | None
    InvoiceIssuerName: str
    ListCost: ExactText
    ListUnitPrice: str | None
    PricingCategory: str | None
    PricingQuantity: ExactText | None
    PricingUnit: str | None
    ProviderName: str
    PublisherName: str
    RegionId: str | None
    RegionName: str | None
    ResourceId: str | None
    ResourceName: str | None
    ResourceType: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceProviderName: str
    ServiceSubcategory: str | None
    SkuId: str | None
    SkuPriceId: str | None
    SubAccountId: str | None
    SubAccountName: str | None
    Tags: str
    x_AllocatedRatio: ExactText
    x_CostCenter: str | None
    x_CostType: str | None
    x_OriginCost: ExactText
    x_OriginExternalId: str | None
    x_OriginId: str
    x_OriginSource: str
    x_Outcome: Literal["consumer", "retained", "unallocated"]
    x_OutcomeCode: str | None
    x_OutcomeLayer: str
    x_RunCost: ExactText
    x_RunCurrency: str
    x_RunId: str
