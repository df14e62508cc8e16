"""Rows become lines or rejects, every one of them, and their money adds up."""

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.files.detected import Detected, MalformedRow, RowBatch
from services.ingest.files.reader import open_table
from services.ingest.imports.checks.totals import ReceivedTotals, rejected_money, unreadable_rows
from services.ingest.imports.reading.batch import RowPlan, RowsRead
from services.ingest.imports.reading.columns import canonical_decimals, read_decimals
from services.ingest.imports.reading.lines import read_lines
from services.ingest.imports.reading.survey import survey
from services.ingest.profiles.domain import FlagSign, Profile, missing_columns, unknown_fields
from services.ingest.profiles.focus import focus_profile, focus_version
from services.ingest.profiles.proposal import mapping_by_name, propose_profile
from services.ingest.values.decimals import NumberStyle, decimal_text, read_decimal
from services.ingest.values.fault import Fault
from shared.money import EXACT

EXAMPLES = Path(__file__).parents[2] / "examples" / "oxford-council"
SIMPLE = Profile(
    kind="ledger",
    columns={"amount": "Amount", "posted_on": "Date", "vendor": "Supplier"},
    constants={"currency": "GBP"},
)


def read(profile: Profile, rows: list[dict[str, str]], **defaults: str) -> RowsRead:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    batch = RowBatch(pl.Series("row", range(2, 2 + len(rows)), dtype=pl.Int64), frame)
    detected = Detected("csv", tuple(frame.columns), delimiter=",")
    plan = RowPlan(profile, detected, survey(profile, detected, [batch]), **defaults)
    return read_lines(plan, batch)


def codes(batch: RowsRead) -> list[tuple[int, str | None, str]]:
    return [(reject.row, reject.column, reject.code) for reject in batch.rejects]


def a_row(**cells: str) -> dict[str, str]:
    return {"Date": "2026-01-31", "Amount": "10.00", "Supplier": "Acme", "Note": "", **cells}


def everything(
    path: Path, profile: Profile | None, kind: str
) -> tuple[ReceivedTotals, list[RowsRead]]:
    with open_table(path) as table:
        detected, first = table.detected, next(table.batches)
    if profile is None:
        profile = (
            focus_profile(detected.columns)
            if kind == "focus"
            else mapping_by_name(kind, detected, first)
        )
    with open_table(path) as table:
        styles = survey(profile, detected, table.batches)
    totals = ReceivedTotals(profile, detected, styles, "GBP")
    found = []
    with open_table(path) as table:
        for batch in table.batches:
            totals.add(batch)
            found.append(read_lines(RowPlan(profile, detected, styles, None, "GBP"), batch))
    return totals, found


def sum_of(batches: Iterable[RowsRead]) -> Decimal:
    total = Decimal(0)
    for batch in batches:
        for amount in batch.drafts["amount"]:
            total = EXACT.add(total, Decimal(amount))
    return total


def test_the_council_ledger_is_read_to_the_penny():
    totals, found = everything(EXAMPLES / "ledger" / "oxford_council_2016q3.csv", None, "ledger")
    assert (totals.rows, totals.money.sums) == (3581, {"GBP": Decimal("12937883.62")})
    assert sum_of(found) == Decimal("12937883.62")
    periods = pl.concat([batch.drafts["period"] for batch in found]).unique().sort().to_list()
    assert periods == ["2016-07", "2016-08", "2016-09"]


@pytest.mark.parametrize(
    ("cost", "total"),
    [("EffectiveCost", "14.97651418586"), ("BilledCost", "20.52022672899")],
)
def test_the_focus_sample_is_read_to_the_last_digit(cost, total):
    path = EXAMPLES / "focus" / "focus_1_0_sample_1000.csv"
    with open_table(path) as table:
        profile = focus_profile(table.detected.columns, cost)
    totals, found = everything(path, profile, "focus")
    assert totals.money.sums == {"USD": Decimal(total)}
    assert sum_of(found) == Decimal(total)
    assert sum(batch.drafts.height for batch in found) == 1000


def test_null_words_of_a_bill_are_missing_and_tags_become_tags():
    _, found = everything(EXAMPLES / "focus" / "focus_1_0_sample_1000.csv", None, "focus")
    fields = [json.loads(text) for batch in found for text in batch.drafts["fields"]]
    assert all("NULL" not in field.values() for field in fields)
    tags = [json.loads(text) for batch in found for text in batch.drafts["tags"]]
    assert sum(1 for tag in tags if tag) > 0
    assert all(isinstance(value, str) for tag in tags for value in tag.values())


def test_columns_that_no_field_takes_stay_in_fields():
    batch = read(SIMPLE, [a_row(Note="urgent")])
    assert json.loads(batch.drafts["fields"][0]) == {"Note": "urgent"}


def test_columns_become_tags_and_fields_by_the_profile():
    profile = Profile(
        kind="ledger",
        columns={
            "amount": "Amount",
            "posted_on": "Date",
            "tags.team": "Note",
            "fields.who": "Supplier",
        },
        constants={"currency": "GBP", "tags.from": "ledger"},
    )
    draft = read(profile, [a_row(Note="ops")]).drafts.row(0, named=True)
    assert json.loads(draft["tags"]) == {"team": "ops", "from": "ledger"}
    assert json.loads(draft["fields"]) == {"who": "Acme"}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Amount": ""}, (2, "Amount", "missing_value")),
        ({"Amount": "n/a"}, (2, "Amount", "not_a_decimal")),
        ({"Amount": "0." + "1" * 19}, (2, "Amount", "too_many_digits")),
        ({"Date": "31/02/2026"}, (2, "Date", "not_a_date")),
        ({"Date": "03/04/2026"}, (2, "Date", "ambiguous_date")),
        ({"Date": ""}, (2, "period", "missing_value")),
        ({"Supplier": "x" * 501}, (2, "Supplier", "too_long")),
    ],
)
def test_a_bad_cell_rejects_its_row_with_column_and_code(cells, code):
    batch = read(SIMPLE, [a_row(**cells)])
    assert codes(batch) == [code]
    assert batch.drafts.height == 0


def test_every_fault_of_a_row_is_named():
    batch = read(SIMPLE, [a_row(Amount="x", Date="y")])
    assert codes(batch) == [(2, "Amount", "not_a_decimal"), (2, "Date", "not_a_date")]
    assert batch.rejected.height == 1


def test_an_unknown_currency_is_a_reject():
    profile = Profile(kind="ledger", columns={"amount": "Amount", "currency": "Note"})
    batch = read(profile, [a_row(Note="CREDITS"), a_row(Note="usd")], period="2026-01")
    assert codes(batch) == [(2, "Note", "unknown_currency")]
    assert batch.drafts["currency"].to_list() == ["USD"]


def test_the_sign_may_be_reversed_or_told_by_a_flag():
    reversed_sign = Profile(**{**vars(SIMPLE), "sign": "reversed"})
    assert read(reversed_sign, [a_row()]).drafts["amount"].to_list() == ["-10.00"]
    flagged = Profile(**{**vars(SIMPLE), "sign": FlagSign("Note", debit="S", credit="H")})
    batch = read(flagged, [a_row(Note="s"), a_row(Note="H"), a_row(Note="?")])
    assert batch.drafts["amount"].to_list() == ["10.00", "-10.00"]
    assert codes(batch) == [(4, "Note", "unknown_code")]


def test_the_same_content_has_the_same_hash_however_it_is_written():
    one = read(SIMPLE, [a_row(Amount="1,234.50", Date="31/01/2026")])
    other = read(
        SIMPLE, [{"Supplier": " Acme", "Date": "2026-01-31", "Note": "NULL", "Amount": "1234.5"}]
    )
    assert one.drafts["identity"].to_list() == other.drafts["identity"].to_list()
    changed = read(SIMPLE, [a_row(Supplier="Acme Ltd")])
    assert changed.drafts["identity"][0] != one.drafts["identity"][0]


def test_a_monthly_list_without_dates_differs_by_the_period_it_is_given():
    profile = Profile(kind="ledger", columns={"amount": "Amount"}, constants={"currency": "GBP"})
    hashes = {
        read(profile, [a_row()], period=period).drafts["identity"][0]
        for period in ("2026-01", "2026-02")
    }
    assert len(hashes) == 2


def test_identity_columns_make_the_external_id():
    profile = Profile(**{**vars(SIMPLE), "identity": ("Supplier", "Note")})
    batch = read(profile, [a_row(Note="1"), a_row()])
    assert batch.drafts["external_id"].to_list() == ["Acme|1", None]


def test_values_are_translated_by_the_profile():
    profile = Profile(
        **{
            **vars(SIMPLE),
            "columns": {**SIMPLE.columns, "cost_type": "Note"},
            "values": {"cost_type": {"Revenue": "opex", "Kapital": "capex"}},
        }
    )
    batch = read(profile, [a_row(Note="revenue"), a_row(Note="KAPITAL"), a_row(Note="??")])
    assert batch.drafts["cost_type"].to_list() == ["opex", "capex"]
    assert codes(batch) == [(4, "Note", "unknown_code")]


def test_billing_periods_tell_how_a_bill_writes_its_dates():
    rows = [
        {
            "BillingPeriodStart": "4/1/25",
            "BillingPeriodEnd": "5/1/25",
            "ChargePeriodStart": "4/2/25",
            "BillingCurrency": "USD",
            "EffectiveCost": "1",
        }
    ]
    profile = focus_profile(tuple(rows[0]))
    draft = read(profile, rows).drafts.row(0, named=True)
    assert (draft["period"], draft["posted_on"]) == ("2025-04", "2025-04-02")


def test_versions_of_focus_are_told_apart_by_their_columns():
    assert focus_version(("BilledCost", "ProviderName")) == "1.0"
    assert focus_version(("BilledCost", "SkuMeter", "InvoiceId")) == "1.2"
    assert focus_version(("BilledCost", "ServiceProviderName")) == "1.3"


def test_a_profile_names_what_does_not_exist():
    assert unknown_fields(
        "ledger", {"amount": "a", "tags.x": "b", "colour": "c", "tags.": "d"}
    ) == [
        "colour",
        "tags.",
    ]
    assert missing_columns(SIMPLE, ("date", " AMOUNT ")) == ["Supplier"]


def test_a_profile_is_proposed_from_a_header_and_its_values():
    with open_table(EXAMPLES / "ledger" / "oxford_council_2016q3.csv") as table:
        proposal = propose_profile("ledger", table.detected, next(table.batches))
    assert proposal.profile.columns["amount"] == "Amount"
    assert proposal.profile.columns["vendor"] == "Supplier Name"
    assert proposal.profile.date_format == "%d/%m/%Y"
    assert proposal.confidence > 0.8


texts = st.one_of(
    st.decimals(-(10**6), 10**6, places=2).map(str),
    st.sampled_from(["", "NULL", "n/a", "(5.00)", "1,234.50", "7-", "1e3", "£9", "-"]),
)
currencies = st.sampled_from(["GBP", "usd", "", "XXXX", "?"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, currencies), min_size=1, max_size=30), st.integers(0, 3))
def test_received_money_is_accepted_and_rejected_money(rows, broken):
    profile = Profile(kind="ledger", columns={"amount": "Amount", "currency": "Cur"})
    frame = pl.DataFrame({"Amount": [a for a, _ in rows], "Cur": [c for _, c in rows]})
    malformed = tuple(MalformedRow(100 + place, "broken", "x") for place in range(broken))
    batch = RowBatch(pl.Series("row", range(len(rows)), dtype=pl.Int64), frame, malformed)
    detected = Detected("csv", ("Amount", "Cur"), delimiter=",")
    styles = survey(profile, detected, [batch])
    totals = ReceivedTotals(profile, detected, styles)
    totals.add(batch)
    found = read_lines(RowPlan(profile, detected, styles, "2026-01"), batch)
    parts = rejected_money(found.rejected)
    for amount, currency in found.drafts.select("amount", "currency").iter_rows():
        parts[currency] = parts.get(currency, Decimal(0)) + Decimal(amount)
    assert parts == dict(totals.money.sums)
    assert totals.rows == found.drafts.height + found.rejected.height
    assert totals.unreadable_amount == unreadable_rows(found.rejected)


@given(st.lists(texts, min_size=1, max_size=20), st.sampled_from([".", ",", None]))
def test_reading_a_column_is_reading_each_of_its_texts(column, mark):
    style = NumberStyle(mark, None)
    found = read_decimals(pl.Series(column, dtype=pl.String), style)
    for text, value, code in zip(column, found.values, found.codes, strict=True):
        expected = read_decimal(text, style)
        if isinstance(expected, Fault):
            assert (value, code) == (None, expected.code)
        else:
            assert (Decimal(value), code) == (expected, None)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_canonical_columns_have_one_text_for_equal_numbers(number):
    written = pl.Series([decimal_text(number), decimal_text(number) + "000"])
    assert canonical_decimals(written).n_unique() == 1
