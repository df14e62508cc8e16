"""Invented ledgers and cloud bills in the formats that sources send; the same for the same size."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BAD_SHARE = 0.03
COLUMNS = (
    "Doc", "Line", "Posting Date", "Amount", "Currency", "Account", "Cost Center", "Supplier Name",
    "Text", "Type", "Project", "Team",
)  # fmt: skip
ROW_GROUP = 100_000
SERVICES = ("Virtual Machines", "Object Storage", "Managed Database", "Support", "Network")


def ledger_rows(size: int) -> Iterator[tuple[str, ...]]:
    """Rows of twelve cells; 3 % have no amount that can be read."""
    chance = random.Random(7)
    for number in range(size):
        amount = f"{chance.randint(-5_000_000, 50_000_000) / 100:.2f}"
        if chance.random() < BAD_SHARE:
            amount = "n/a"
        day, month = chance.randint(1, 28), chance.randint(1, 3)
        yield (
            f"{number // 4}", f"{number % 4}", f"{day:02d}/{month:02d}/2026", amount,
            chance.choice(("EUR", "GBP", "USD")), f"{chance.randint(4000, 4999)}",
            f"CC{chance.randint(1, 300)}", f"Vendor {chance.randint(1, 5000)}",
            f"Payment for item {number} of order", chance.choice(("opex", "capex")),
            f"P{chance.randint(1, 200)}", f"team-{chance.randint(1, 40)}",
        )  # fmt: skip


def write_csv(path: Path, size: int) -> Path:
    """A ledger as CSV."""
    with path.open("w") as ledger:
        ledger.write(",".join(COLUMNS) + "\n")
        ledger.writelines(",".join(row) + "\n" for row in ledger_rows(size))
    return path


def write_ndjson(path: Path, size: int) -> Path:
    """A ledger as one JSON object a line."""
    with path.open("w") as ledger:
        for row in ledger_rows(size):
            ledger.write(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n")
    return path


def write_xlsx(path: Path, size: int) -> Path:
    """A ledger as a workbook, amounts as numbers."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, COLUMNS)
    for place, row in enumerate(ledger_rows(size), start=1):
        cells: list[Any] = list(row)
        if row[3] != "n/a":
            cells[3] = float(row[3])
        sheet.write_row(place, 0, cells)
    book.close()
    return path


def write_focus(path: Path, size: int) -> Path:
    """A cloud bill as Parquet: the 43 columns of FOCUS 1.0 and two of the provider."""
    schema = _focus_schema()
    chance = random.Random(11)
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, size, ROW_GROUP):
            rows = [
                _focus_row(chance, number) for number in range(start, min(size, start + ROW_GROUP))
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return path


def _focus_schema() -> pa.Schema:
    money, instant = pa.decimal128(30, 12), pa.timestamp("us", "UTC")
    amounts = {
        "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice",
        "ContractedUnitPrice", "ConsumedQuantity", "PricingQuantity", "CommitmentDiscountQuantity",
    }  # fmt: skip
    instants = {"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"}
    row = _focus_row(random.Random(1), 0)

    def kind(name: str) -> pa.DataType:
        if name == "Tags":
            return pa.map_(pa.string(), pa.string())
        return money if name in amounts else instant if name in instants else pa.string()

    return pa.schema([(name, kind(name)) for name in row])


def _focus_row(chance: random.Random, number: int) -> dict[str, Any]:
    cost = Decimal(chance.randint(1, 10**12)).scaleb(-9)
    month = datetime(2026, chance.randint(1, 3), 1, tzinfo=UTC)
    hour = month + timedelta(hours=chance.randint(0, 600))
    service = chance.choice(SERVICES)
    account = f"{100_000_000_000 + chance.randint(1, 200)}"
    committed = chance.random() < 0.2
    return {
        "AvailabilityZone": f"region-{chance.randint(1, 5)}a",
        "BilledCost": cost,
        "BillingAccountId": "900000000001",
        "BillingAccountName": "Example Group",
        "BillingCurrency": "USD",
        "BillingPeriodEnd": (month + timedelta(days=32)).replace(day=1),
        "BillingPeriodStart": month,
        "CapacityReservationId": None,
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargeDescription": f"{service} per hour, item {number}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": hour + timedelta(hours=1),
        "ChargePeriodStart": hour,
        "CommitmentDiscountCategory": "Spend" if committed else None,
        "CommitmentDiscountId": f"plan-{chance.randint(1, 20)}" if committed else None,
        "CommitmentDiscountName": None,
        "CommitmentDiscountQuantity": cost if committed else None,
        "CommitmentDiscountStatus": "Used" if committed else None,
        "CommitmentDiscountType": "Savings" if committed else None,
        "ConsumedQuantity": Decimal(chance.randint(1, 10**6)).scaleb(-3),
        "ConsumedUnit": "Hours",
        "ContractedCost": cost,
        "ContractedUnitPrice": Decimal("0.10"),
        "EffectiveCost": cost,
        "InvoiceIssuerName": "Example Cloud",
        "ListCost": cost * 2,
        "ListUnitPrice": Decimal("0.20"),
        "PricingCategory": "Standard",
        "PricingQuantity": Decimal(chance.randint(1, 10**6)).scaleb(-3),
        "PricingUnit": "Hours",
        "ProviderName": "Example Cloud",
        "PublisherName": "Example Cloud",
        "RegionId": f"region-{chance.randint(1, 5)}",
        "RegionName": "Somewhere",
        "ResourceId": f"arn:resource/{chance.randint(1, 50_000)}",
        "ResourceName": f"resource {chance.randint(1, 50_000)}",
        "ResourceType": "Instance",
        "ServiceCategory": "Compute",
        "ServiceName": service,
        "SkuId": f"SKU{chance.randint(1, 3000)}",
        "SkuPriceId": f"PRICE{chance.randint(1, 3000)}",
        "SubAccountId": account,
        "SubAccountName": f"account {account}",
        "Tags": {"team": f"team-{chance.randint(1, 40)}", "env": chance.choice(("prod", "test"))},
        "x_CostCategory": f"category {chance.randint(1, 9)}",
        "x_Meter": f"meter {chance.randint(1, 400)}",
    }
