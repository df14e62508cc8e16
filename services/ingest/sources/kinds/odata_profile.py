"""How line items of SAP journals become cost lines without a profile of the source's own."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.contracts.ingest.source_kinds.odata import ODataConfig
from shared.errors import RuleBroken

KEY_COLUMN = "odata_key"
FLAG, DEBIT, CREDIT = "DebitCreditCode", "S", "H"
_LEDGERS = frozenset({"ledger", "budget"})
_LINE_ITEM = {
    "external_id": KEY_COLUMN,
    "posted_on": "PostingDate",
    "account": "GLAccount",
    "cost_center": "CostCenter",
    "vendor": "Supplier",
    "document": "AccountingDocument",
    "description": "DocumentItemText",
    "asset": "MasterFixedAsset",
    "project": "WBSElementExternalID",
}
_AGGREGATES = ("API_JOURNALENTRYITEMBASIC", "A_JOURNALENTRYITEMBASIC")


def built_in_columns(config: ODataConfig, maps_to: str) -> dict[str, str] | None:
    """Our field -> property of a line item; None for kinds of imports that are no ledgers."""
    if maps_to not in _LEDGERS:
        return None
    return {**_LINE_ITEM, "amount": config.amount_field, "currency": config.currency_field}


def built_in_rules(config: ODataConfig, maps_to: str) -> Mapping[str, Any] | None:
    """The rules of the profile for line items."""
    columns = built_in_columns(config, maps_to)
    if columns is None:
        return None
    sign: Any = "as_is"
    if config.amount_sign == "debit_credit":
        sign = {"flag_column": FLAG, "debit": DEBIT, "credit": CREDIT}
    return {"kind": maps_to, "columns": columns, "decimal": ".", "sign": sign}


def refuse_aggregates(config: ODataConfig, maps_to: str) -> None:
    """Refuse the service whose rows are sums without a document: `no_document_number`.

    Its only key is an artificial ID, so that no cost could be followed back to its voucher.
    """
    named = f"{config.url}/{config.entity_set}".upper()
    if maps_to in _LEDGERS and any(name in named for name in _AGGREGATES):
        raise RuleBroken(
            "API_JOURNALENTRYITEMBASIC_SRV has neither document number nor posting date; use a"
            " service of line items, such as API_OPLACCTGDOCITEMCUBE_SRV or a view over"
            " I_GLAccountLineItem",
            code="no_document_number",
        )


def refuse_unsigned(rows: Iterable[Mapping[str, Any]], config: ODataConfig) -> None:
    """Refuse credits that are not negative where signed amounts were promised.

    Some views sign their amounts, others leave the sign to DebitCreditCode; taken for the other,
    the total is wrong and looks right. A page with credits, none of them negative, and no
    negative debit is of the second sort: `unsigned_amounts`.
    """
    if config.amount_sign != "signed":
        return
    lowest: dict[str, Decimal] = {}
    for row in rows:
        flag = str(row.get(FLAG) or "")
        try:
            amount = Decimal(str(row.get(config.amount_field)))
        except InvalidOperation:
            continue
        if amount:
            lowest[flag] = min(lowest.get(flag, amount), amount)
    if lowest.get(CREDIT, Decimal(-1)) > 0 and lowest.get(DEBIT, Decimal(1)) > 0:
        raise RuleBroken(
            f"{config.amount_field} of credits is positive: set amount_sign to debit_credit",
            code="unsigned_amounts",
        )
