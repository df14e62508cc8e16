"""Cloud bills of FOCUS 1.0 to 1.4 become exact lines; nothing counts twice, no token is money."""

import json
from decimal import Decimal

import pytest

from services.ingest.imports.checks.invoices import InvoiceTotals
from services.ingest.imports.domain import Expected, Held, check_control_totals
from services.ingest.profiles.domain import Profile
from services.ingest.profiles.focus import columns_left_out, focus_version
from shared.errors import RuleBroken
from tests.unit.import_builders import ReadFile, read_file

WHOLE_BILL = """
BilledCost BillingAccountId BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory
ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost
InvoiceIssuerName ListCost PricingQuantity PricingUnit ServiceCategory ServiceName
ServiceProviderName HostProviderName
"""
MONTH = {
    "BillingAccountId": "A-1",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-04-01T00:00:00Z",
    "BillingPeriodEnd": "2026-05-01T00:00:00Z",
    "ChargePeriodStart": "2026-04-03T00:00:00Z",
    "ChargePeriodEnd": "2026-04-04T00:00:00Z",
    "ChargeCategory": "Usage",
    "ResourceId": "node-1",
    "BilledCost": "10.00",
    "EffectiveCost": "10.00",
    "ListCost": "12.00",
    "ContractedCost": "10.00",
}


def a_bill(*rows: dict[str, str]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join('"' + row.get(name, "").replace('"', '""') + '"' for name in columns)
             for row in rows]  # fmt: skip
    return "\n".join([",".join(columns), *lines]) + "\n"


def a_charge(**cells: str) -> dict[str, str]:
    return {**MONTH, **cells}


def test_corrections_are_additive_lines(tmp_path):
    found = read_file(
        tmp_path,
        a_bill(
            a_charge(EffectiveCost="1500"),
            a_charge(EffectiveCost="-1500", ChargeClass="Correction"),
            a_charge(EffectiveCost="1200.000000000000001", ChargeClass="Correction"),
        ),
        "focus",
    )
    assert found.amounts == ["1500", "-1500", "1200.000000000000001"]
    assert json.loads(found.lines[1]["fields"])["ChargeClass"] == "Correction"


def test_unlisted_columns_stay_in_fields_and_null_words_are_missing(tmp_path):
    found = read_file(
        tmp_path, a_bill(a_charge(x_Team="ops", Id="7", SkuId="NULL", Oddity="1")), "focus"
    )
    fields = json.loads(found.lines[0]["fields"])
    assert (fields["x_Team"], fields["Id"], fields["Oddity"]) == ("ops", "7", "1")
    assert "SkuId" not in fields


@pytest.mark.parametrize(
    "tags",
    ['{"team": "ops"}', '[{"key": "team", "value": "ops"}]', '"team": "ops"', '[["team","ops"]]'],
)
def test_tags_come_as_an_object_or_as_pairs(tmp_path, tags):
    found = read_file(tmp_path, a_bill(a_charge(Tags=tags)), "focus")
    assert json.loads(found.lines[0]["tags"]) == {"team": "ops"}


@pytest.mark.parametrize("unit", ["Tokens", "DBU", "Credits", "token"])
def test_amounts_in_units_of_the_provider_are_rejects_of_their_own(tmp_path, unit):
    found = read_file(
        tmp_path,
        a_bill(a_charge(), a_charge(BillingCurrency=unit), a_charge(BillingCurrency="XXX")),
        "focus",
    )
    assert found.rejects == [
        (3, "BillingCurrency", "virtual_currency"),
        (4, "BillingCurrency", "unknown_currency"),
    ]
    assert found.parsed.received.money.sums[None] == Decimal("20.00")
    assert found.balanced()


def test_prices_in_tokens_do_not_stop_a_bill_in_money(tmp_path):
    row = a_charge(PricingCurrency="Token", PricingCurrencyEffectiveCost="245", EffectiveCost="490")
    found = read_file(tmp_path, a_bill(row), "focus")
    assert found.amounts == ["490"]
    assert json.loads(found.lines[0]["fields"])["PricingCurrencyEffectiveCost"] == "245"


@pytest.mark.parametrize(
    ("cost", "amount", "currency"),
    [
        ("EffectiveCost", "1", "USD"), ("BilledCost", "2", "USD"), ("ListCost", "3", "USD"),
        ("ContractedCost", "4", "USD"), ("PricingCurrencyEffectiveCost", "5", "EUR"),
    ],
)  # fmt: skip
def test_the_caller_chooses_the_cost(tmp_path, cost, amount, currency):
    row = a_charge(
        EffectiveCost="1", BilledCost="2", ListCost="3", ContractedCost="4",
        PricingCurrencyEffectiveCost="5", PricingCurrency="EUR",
    )  # fmt: skip
    found = read_file(tmp_path, a_bill(row), "focus", focus_cost=cost)
    assert (found.amounts, found.lines[0]["currency"]) == ([amount], currency)


def split_bill(*, origin: bool, remainder: str = "1.00") -> list[dict[str, str]]:
    rows = [
        a_charge(BilledCost="6.00", EffectiveCost="6.00", ListCost="7.00", ContractedCost="6.00",
                 AllocatedMethodId="pods", AllocatedResourceId="pod-1"),
        a_charge(BilledCost="3.00", EffectiveCost="3.00", ListCost="4.00", ContractedCost="3.00",
                 AllocatedMethodId="pods", AllocatedResourceId="pod-2"),
        a_charge(BilledCost=remainder, EffectiveCost=remainder, ListCost="1.00",
                 ContractedCost=remainder, AllocatedMethodId="pods"),
    ]  # fmt: skip
    return [*([a_charge()] if origin else []), *rows, a_charge(ResourceId="node-2")]


def sum_of(found: ReadFile) -> Decimal:
    return sum((Decimal(amount) for amount in found.amounts), Decimal(0))


def test_split_costs_count_once_with_and_without_their_origin(tmp_path):
    alone = read_file(tmp_path, a_bill(*split_bill(origin=False)), "focus")
    both = read_file(tmp_path, a_bill(*split_bill(origin=True)), "focus")
    assert sum_of(alone) == sum_of(both) == Decimal("20.00")
    assert both.rejects == [(2, "ResourceId", "split_origin")]
    assert both.balanced()


def test_a_charge_that_its_neighbours_do_not_add_up_to_is_no_origin(tmp_path):
    found = read_file(tmp_path, a_bill(*split_bill(origin=True, remainder="0.99")), "focus")
    assert found.rejects == []


def test_invoices_are_added_up_by_billed_cost(tmp_path):
    found = read_file(
        tmp_path,
        a_bill(
            a_charge(InvoiceId="INV-1", BilledCost="0.1"),
            a_charge(InvoiceId="INV-1", BilledCost="0.2", EffectiveCost="9"),
            a_charge(InvoiceId="INV/2", BilledCost="5"),
            a_charge(InvoiceId="", BilledCost="7"),
        ),
        "focus",
    )
    invoices = found.parsed.invoices
    assert isinstance(invoices, InvoiceTotals)
    assert invoices.answer() == [
        {"invoice": "INV-1", "currency": "USD", "billed": "0.3"},
        {"invoice": "INV/2", "currency": "USD", "billed": "5"},
    ]
    held = Held(4, {}, billed=invoices.billed)
    check_control_totals(Expected(invoices={"INV-1": Decimal("0.3")}), held)
    with pytest.raises(RuleBroken) as refusal:
        check_control_totals(Expected(invoices={"INV/2": Decimal("5.01")}), held)
    assert refusal.value.errors[0].pointer == "/control_totals/invoices/INV~12"


def test_a_bill_needs_a_cost_and_says_what_else_it_lacks(tmp_path):
    with pytest.raises(RuleBroken) as refusal:
        read_file(tmp_path, "ChargeDescription,BilledCost\nx,1\n", "focus", currency="USD")
    assert refusal.value.code == "not_focus"
    assert [error.message for error in refusal.value.errors] == [
        "EffectiveCost",
        "BillingPeriodStart",
    ]
    fragment = "ChargeDescription,BillingPeriodStart,EffectiveCost\nx,2025-06-01T00:00:00Z,-1500\n"
    found = read_file(tmp_path, fragment, "focus", currency="USD")
    assert found.amounts == ["-1500"]
    assert "BillingAccountId" in columns_left_out(found.parsed.detected.columns)


def test_a_bill_without_the_old_names_of_the_provider_is_of_version_1_4(tmp_path):
    whole = WHOLE_BILL.split()
    assert focus_version(tuple(whole)) == "1.4"
    assert focus_version((*whole, "ProviderName", "PublisherName")) == "1.3"
    assert focus_version((*whole, "InvoiceDetailId", "ProviderName")) == "1.4"
    assert columns_left_out(tuple(whole)) == []
    row = {**dict.fromkeys(whole, "x"), **MONTH, "ServiceProviderName": "Acme"}
    assert read_file(tmp_path, a_bill(row), "focus").lines[0]["vendor"] == "Acme"


def test_month_first_dates_of_a_bill_are_told_by_its_periods(tmp_path):
    row = a_charge(
        BillingPeriodStart="4/1/25", BillingPeriodEnd="5/1/25", ChargePeriodStart="4/2/25"
    )
    found = read_file(tmp_path, a_bill(row), "focus")
    assert (found.lines[0]["period"], found.lines[0]["posted_on"]) == ("2025-04", "2025-04-02")


def test_a_profile_may_add_fields_to_the_built_in_mapping(tmp_path):
    profile = Profile("focus", {"cost_center": "x_CostCentre", "tags.team": "x_Team"})
    found = read_file(
        tmp_path, a_bill(a_charge(x_CostCentre="IT", x_Team="ops")), "focus", profile=profile
    )
    assert (found.lines[0]["cost_center"], found.lines[0]["account"]) == ("IT", "A-1")
    assert json.loads(found.lines[0]["tags"]) == {"team": "ops"}
