"""Line items of a journal as SAP systems serve them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.simulators.odata import EntitySet

BEGIN = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)
TRAP = Decimal("12345678901234567.89")
"""An amount that a binary float would not keep."""
KEY = ("CompanyCode", "FiscalYear", "AccountingDocument", "LedgerGLLineItem")
TYPES = {
    "CompanyCode": "Edm.String",
    "FiscalYear": "Edm.String",
    "AccountingDocument": "Edm.String",
    "LedgerGLLineItem": "Edm.String",
    "PostingDate": "Edm.Date",
    "LastChangeDateTime": "Edm.DateTimeOffset",
    "GLAccount": "Edm.String",
    "CostCenter": "Edm.String",
    "Supplier": "Edm.String",
    "DocumentItemText": "Edm.String",
    "DebitCreditCode": "Edm.String",
    "AmountInCompanyCodeCurrency": "Edm.Decimal",
    "CompanyCodeCurrency": "Edm.String",
}


def line_item(number: int, *, changed_at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """One line item, two to a document; every fourth is a credit, the seventh is a trap."""
    credit = number % 4 == 0
    amount = TRAP if number == 7 else Decimal(number) + Decimal("0.10")
    return {
        "CompanyCode": "1710",
        "FiscalYear": "2026",
        "AccountingDocument": f"{100_000_000 + number // 2:010d}",
        "LedgerGLLineItem": f"{number:06d}",
        "PostingDate": date(2026, 1, 5) + timedelta(days=number % 20),
        "LastChangeDateTime": changed_at or BEGIN + timedelta(minutes=number),
        "GLAccount": "0065008420",
        "CostCenter": f"1710{number % 5}101",
        "Supplier": "17300001" if number % 3 else "",
        "DocumentItemText": f"Licence № {number}",
        "DebitCreditCode": "H" if credit else "S",
        "AmountInCompanyCodeCurrency": -amount if credit else amount,
        "CompanyCodeCurrency": "EUR",
        **more,
    }


def journal(count: int) -> EntitySet:
    """Line items numbered from 1, changed a minute after each other."""
    rows = [line_item(number) for number in range(1, count + 1)]
    return EntitySet("GLAccountLineItem", dict(TYPES), KEY, rows)
