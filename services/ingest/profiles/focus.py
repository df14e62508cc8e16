"""The built-in profile for FOCUS bills, versions 1.0 to 1.4: which columns are line fields.

All other columns, listed or `x_`, stay in `fields` under their own names.
"""

from services.ingest.profiles.domain import Profile, folded

#: What can be the amount of a line, and the column with the currency that it is in.
CURRENCY_OF_COST = {
    "EffectiveCost": "BillingCurrency",
    "BilledCost": "BillingCurrency",
    "ContractedCost": "BillingCurrency",
    "ListCost": "BillingCurrency",
    "PricingCurrencyEffectiveCost": "PricingCurrency",
}

# Field -> columns that may fill it; the first that the file has wins. 1.3 renamed ProviderName,
# 1.4 dropped it; the names without `Name` are those of the previews that some providers still send.
_FIELDS: dict[str, tuple[str, ...]] = {
    "period": ("BillingPeriodStart",),
    "posted_on": ("ChargePeriodStart",),
    "account": ("BillingAccountId",),
    "vendor": (
        "ProviderName",
        "ServiceProviderName",
        "Provider",
        "HostProviderName",
        "InvoiceIssuerName",
        "InvoiceIssuer",
    ),
    "document": ("InvoiceId", "x_InvoiceId"),
    "description": ("ChargeDescription",),
    "asset": ("ResourceId",),
    "tags": ("Tags",),
}
# The columns that no bill of a version may leave out (feature level Mandatory).
_ALWAYS = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ServiceCategory",
    "ServiceName",
)
_ALSO: dict[str, tuple[str, ...]] = {
    "1.0": ("ProviderName", "PublisherName"),
    "1.1": ("ProviderName", "PublisherName"),
    "1.2": ("ProviderName", "PublisherName"),
    "1.3": ("ServiceProviderName", "HostProviderName"),
    "1.4": ("ServiceProviderName", "HostProviderName"),
}


def focus_profile(columns: tuple[str, ...], focus_cost: str = "EffectiveCost") -> Profile:
    """The profile for a bill with these columns; `focus_cost` is the column that is the amount.

    A FOCUS row has no identifier of its own, so a line is known by its content.
    """
    present = {folded(name): name for name in columns}
    mapped = {"amount": present.get(folded(focus_cost), focus_cost)}
    candidates = {"currency": (CURRENCY_OF_COST.get(focus_cost, "BillingCurrency"),), **_FIELDS}
    for field, names in candidates.items():
        for name in names:
            if folded(name) in present:
                mapped[field] = present[folded(name)]
                break
    return Profile(
        kind="focus",
        columns=mapped,
        constants={"cost_type": "opex"},
        decimal=".",
        thousands=None,
    )


def missing_focus_columns(
    columns: tuple[str, ...],
    focus_cost: str,
    *,
    has_currency: bool = False,
    has_period: bool = False,
) -> list[str]:
    """The columns without which no line can be made of a bill.

    The caller may give the currency or the period for the whole file instead.
    """
    required = [focus_cost]
    if not has_currency:
        required.append(CURRENCY_OF_COST.get(focus_cost, "BillingCurrency"))
    if not has_period:
        required.append("BillingPeriodStart")
    present = {folded(name) for name in columns}
    return [name for name in required if folded(name) not in present]


def columns_left_out(columns: tuple[str, ...]) -> list[str]:
    """The mandatory columns of its version of FOCUS that a bill does not have; lines need few."""
    present = {folded(name) for name in columns}
    mandatory = (*_ALWAYS, *_ALSO[focus_version(columns)])
    return [name for name in mandatory if folded(name) not in present]


def focus_version(columns: tuple[str, ...]) -> str:
    """The oldest version of FOCUS that has all the standard columns seen here; a good guess.

    A whole bill with the new names of the provider and none of the old ones is 1.4, which has
    dropped them; 1.3 keeps both.
    """
    present = {folded(name) for name in columns}
    whole = all(folded(name) in present for name in (*_ALWAYS, "ServiceProviderName"))
    if whole and not present & {"providername", "publishername"}:
        return "1.4"
    for version, marks in _MARKS_OF_VERSION:
        if any(folded(mark) in present for mark in marks):
            return version
    return "1.0"


_MARKS_OF_VERSION: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "1.4",
        (
            "CommitmentProgramEligibilityDetails",
            "CommitmentProgramEligibility",
            "InvoiceDetailId",
            "PrincipalId",
        ),
    ),
    (
        "1.3",
        (
            "ServiceProviderName",
            "HostProviderName",
            "AllocatedMethodId",
            "AllocatedMethodDetails",
            "AllocatedResourceId",
            "AllocatedResourceName",
            "AllocatedTags",
            "ContractApplied",
        ),
    ),
    (
        "1.2",
        (
            "InvoiceId",
            "PricingCurrency",
            "PricingCurrencyContractedUnitPrice",
            "PricingCurrencyEffectiveCost",
            "PricingCurrencyListUnitPrice",
            "BillingAccountType",
            "SubAccountType",
        ),
    ),
    (
        "1.1",
        (
            "SkuMeter",
            "ServiceSubcategory",
            "CapacityReservationId",
            "CapacityReservationStatus",
            "CommitmentDiscountQuantity",
            "CommitmentDiscountUnit",
            "SkuPriceDetails",
        ),
    ),
)
