"""The built-in profile for FOCUS bills, versions 1.0 to 1.4: which columns are line fields.

All other columns, listed or `x_`, stay in `fields` under their own names.
"""

from services.ingest.profiles.domain import Profile, folded

COST_COLUMNS = ("EffectiveCost", "BilledCost", "ContractedCost", "ListCost")

# Field -> columns that may fill it; the first that the file has wins (1.3 renamed ProviderName).
_FIELDS: dict[str, tuple[str, ...]] = {
    "currency": ("BillingCurrency",),
    "period": ("BillingPeriodStart",),
    "posted_on": ("ChargePeriodStart",),
    "account": ("BillingAccountId",),
    "vendor": ("ProviderName", "ServiceProviderName"),
    "document": ("InvoiceId",),
    "description": ("ChargeDescription",),
    "asset": ("ResourceId",),
    "tags": ("Tags",),
}
REQUIRED_COLUMNS = ("BillingCurrency", "BillingPeriodStart")


def focus_profile(columns: tuple[str, ...], focus_cost: str = "EffectiveCost") -> Profile:
    """The profile for a bill with these columns; `focus_cost` is the column that is the amount.

    A FOCUS row has no identifier of its own, so a line is known by its content.
    """
    present = {folded(name): name for name in columns}
    mapped = {"amount": present.get(folded(focus_cost), focus_cost)}
    for field, candidates in _FIELDS.items():
        for candidate in candidates:
            if folded(candidate) in present:
                mapped[field] = present[folded(candidate)]
                break
    return Profile(
        kind="focus",
        columns=mapped,
        constants={"cost_type": "opex"},
        decimal=".",
        thousands=None,
    )


def missing_focus_columns(columns: tuple[str, ...], focus_cost: str) -> list[str]:
    """The columns without which a file is no FOCUS bill."""
    present = {folded(name) for name in columns}
    return [name for name in (focus_cost, *REQUIRED_COLUMNS) if folded(name) not in present]


def focus_version(columns: tuple[str, ...]) -> str:
    """The oldest version of FOCUS that has all the standard columns seen here; a good guess."""
    present = {folded(name) for name in columns}
    for version, marks in _MARKS_OF_VERSION:
        if any(folded(mark) in present for mark in marks):
            return version
    return "1.0"


_MARKS_OF_VERSION: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("1.4", ("CommitmentProgramEligibilityDetails", "InvoiceDetailId")),
    (
        "1.3",
        ("ServiceProviderName", "HostProviderName", "AllocatedMethodId", "ContractApplied"),
    ),
    ("1.2", ("InvoiceId", "PricingCurrency", "BillingAccountType", "SubAccountType")),
    ("1.1", ("SkuMeter", "ServiceSubcategory", "CapacityReservationId", "SkuPriceDetails")),
)
