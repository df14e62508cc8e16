"""What the columns of ledgers, payment lists, bank statements and budgets are called.

Names are compared without case and punctuation; those of `proposal.py` come first, then these,
best first. A currency behind a name (`Amount (GBP)`) does not count.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from services.ingest.files.text.header import words_apart
from services.ingest.profiles.domain import LINE_FIELDS, folded
from services.ingest.profiles.names import NAMES
from shared.currencies import is_currency

LEDGER_NAMES: Mapping[str, Sequence[str]] = {
    "external_id": ("journal line id", "line item id", "分录id", "行id"),
    "period": ("accounting period", "calendar month", "year month", "yearmonth", "fiscyearper",
               "periode", "月份", "会计月份", "账期", "费用月份", "mois"),
    "amount": (
        "net value", "amount net", "amount excl vat", "amount ex vat", "amount excluding vat",
        "net amount excl vat", "invoice amount", "invoice value", "payment amount", "amount paid",
        "paid amount", "transaction amount", "trans amount", "line amount", "posting amount",
        "journal amount", "accounted amount", "functional amount", "local amount",
        "amount in lc", "amount in local crcy", "amount in company code currency",
        "amountincompanycodecurrency", "company code currency value", "amount in doc curr",
        "amount in document currency", "amount in transaction currency",
        "amountintransactioncurrency", "wrbtr", "wtgbtr", "wkgbtr", "pswbt", "wsl",
        "expenditure", "expenditure amount", "spend", "spend amount", "spend value", "payment",
        "payment value", "actual", "actuals", "actual amount", "actual cost", "budget",
        "budget amount", "budgeted amount", "planned amount", "plan amount", "planned cost",
        "plan", "forecast", "forecast amount", "approved budget", "cost amount", "gross amount",
        "gross value", "amount gross", "gross", "net", "charge", "charges",
        "交易金额", "发生额", "本期发生额", "发生金额", "记账金额", "入账金额", "付款金额",
        "支付金额", "费用金额", "成本金额", "预算金额", "预算", "预算数", "实际金额", "实际数",
        "不含税金额", "人民币金额", "金额 元", "金额元", "金额 人民币", "含税金额", "价税合计",
        "报销金额", "支出金额", "费用", "成本",
        "umsatz", "umsatz ohne soll haben kz", "betrag in hauswahrung", "nettobetrag", "kosten",
        "betrag in hw", "hauswahrungsbetrag", "betrag in belegwahrung", "belegwahrungsbetrag",
        "wert kwahr", "wert bwahr", "wert twahr", "val coarea crcy", "value coarea crcy",
        "value in obj crcy", "amt in loc cur",
        "montant", "montant ht", "montant ttc", "importe", "monto", "importo", "bedrag", "valor",
    ),
    "currency": (
        "transaction currency", "document currency", "local currency", "company code currency",
        "companycodecurrency", "transactioncurrency", "currency key", "invoice currency",
        "payment currency", "iso currency", "crcy", "curr", "cur", "rhcur", "hwaer", "pswsl",
        "wkz umsatz", "wkz", "waehrung", "wahrung", "hwahr", "kwahr", "hauswahrung",
        "belegwahrung", "local curr", "lcurr", "devise", "moneda", "valuta", "moeda",
        "币别", "货币代码", "币种代码", "交易币种", "记账币种", "原币币种", "本位币",
    ),
    "posted_on": (
        "posted date", "date posted", "entry date", "gl date", "accounting date", "booking date",
        "date of payment", "date paid", "pay date", "payment made date", "clearing date",
        "transaction posting date", "trans date", "transdate", "trandate", "txn date",
        "date of transaction", "journal date", "effective date", "value date", "bldat",
        "date of invoice", "doc date", "period end date", "expense date", "charge date",
        "凭证日期", "入账日期", "交易日期", "交易时间", "付款日期", "支付日期", "业务日期",
        "制单日期", "发生日期", "报销日期", "单据日期", "发票日期", "记账时间", "费用日期",
        "buch dat", "buchungsdat", "pstng date", "belegdat",
        "buchungstag", "belegdatum", "wertstellung", "datum", "date comptable", "date operation",
        "date d operation", "fecha", "fecha contable", "data", "data contabile", "boekdatum",
    ),
    "cost_type": (
        "capital or revenue", "revenue or capital", "cap rev", "type of spend", "spend type",
        "expenditure classification", "opex capex", "opex or capex", "capex or opex", "type",
        "费用性质", "支出性质", "支出类型",
    ),
    "account": (
        "gl code", "general ledger code", "general ledger account", "gl account number",
        "gl account code", "g l account", "glaccount", "g l account number", "ledger code",
        "ledger account", "nominal code", "nominal account", "nominal", "account number",
        "account no", "account id", "accountcode", "subjective code", "subjective", "expense code",
        "cost code", "object code", "expense type", "expenditure type", "expense account",
        "line item", "category code", "saknr", "kstar", "sachkonto", "sachkto", "kostenart",
        "g l acct", "compte", "numero de compte",
        "cuenta", "conto", "rekening", "account name", "gl account description", "expense category",
        "cost category", "spend category",
        "科目代码", "会计科目编码", "会计科目代码", "会计科目", "科目编号", "费用科目",
        "预算科目", "成本要素", "费用类型", "费用类别", "科目名称",
    ),
    "cost_center": (
        "cost centre code", "cost center code", "cost centre name", "cost center name", "cost ctr",
        "costcenter", "costcentre", "cost centre id", "cost center id", "responsibility centre",
        "organisational unit", "organizational unit", "organisation unit", "org unit",
        "department code", "department name", "department id", "dept code", "dept id", "division",
        "business unit", "service division", "service division label", "service label", "service",
        "expense area", "cost centre description", "kost1 kostenstelle", "kst",
        "kostenst", "kostst",
        "centre de cout", "centro de coste", "centro di costo", "kostenplaats",
        "成本中心编码", "成本中心代码", "成本中心名称", "部门名称", "部门编码", "费用部门",
        "承担部门", "责任中心", "费用承担部门", "预算部门", "利润中心",
    ),
    "vendor": (
        "supplier name", "payee name", "beneficiary name", "creditor name", "creditor",
        "name of supplier", "supplier name redacted", "vendor id", "vendor no", "vendor number",
        "merchant", "counterparty", "counterparty name", "recipient", "recipient name",
        "contractor", "paid to", "name",
        "对方户名", "交易对方", "对手信息", "对方单位", "往来单位", "往来单位名称", "客商",
        "客商名称", "商户名称", "收款方", "收款人", "收款单位", "供应商编码",
        "lieferant", "kreditor name", "fournisseur", "proveedor", "fornitore", "leverancier",
        "fornecedor",
    ),
    "document": (
        "transaction no", "transaction id", "trans id", "transaction ref", "transaction reference",
        "transaction", "document no", "doc no", "doc number", "doc id", "invoice no",
        "invoice ref", "invoice reference", "voucher no", "voucher number", "journal id",
        "journal number", "journal no", "journal", "je number", "accounting document",
        "accountingdocument", "ref doc", "reference", "reference number", "reference no", "ref no",
        "ref", "payment reference", "payment number", "payment ref", "num", "belegfeld 1", "beleg",
        "belegnr", "piece", "numero de piece", "asiento", "docln",
        "凭证字号", "凭证编号", "凭证号数", "凭证", "单据号", "单据编号", "发票号码", "发票号",
        "流水号", "交易流水号", "交易订单号", "交易单号", "交易号", "日 志 号", "日志号",
        "报销单号",
    ),
    "description": (
        "memo", "memo description", "line description", "item text", "item description",
        "transaction description", "expense description", "expenditure description",
        "purpose of spend", "purpose of expenditure", "purpose of payment", "summary of purpose",
        "summary", "particulars", "comment", "comments", "service description", "header text",
        "merchant category", "product", "expense type description", "documentitemtext",
        "交易摘要", "备注", "用途", "商品说明", "费用说明", "附言", "交易附言", "商品", "内容",
        "事由", "交易说明",
        "buchungstext", "verwendungszweck", "libelle", "concepto", "descripcion", "descrizione",
        "omschrijving", "descricao",
    ),
    "asset": ("asset id", "asset code", "asset no", "anlage", "资产编码", "资产代码"),
    "project": ("project id", "project no", "project number", "project name", "wbs element",
                "wbselement", "job", "job number", "projn", "projk", "项目编码", "项目名称",
                "项目代码"),
}  # fmt: skip

# Amounts and the currencies that they are in, where a table has several of both.
_PAIRS: Sequence[tuple[frozenset[str], frozenset[str]]] = (
    (
        frozenset(
            {"hsl", "dmbtr", "amount in local currency", "amount in lc", "amount in local crcy",
             "betrag in hw", "betrag in hauswahrung", "hauswahrungsbetrag", "amt in loc cur",
             "amount in company code currency", "amountincompanycodecurrency", "本币金额"}
        ),
        frozenset({"rhcur", "hwaer", "hwahr", "hauswahrung", "local currency", "local curr",
                   "company code currency",
                   "companycodecurrency", "本位币"}),
    ),
    (
        frozenset(
            {"tsl", "wrbtr", "wtgbtr", "betrag in belegwahrung", "belegwahrungsbetrag",
             "amount in doc curr", "amount in document currency",
             "amount in transaction currency", "amountintransactioncurrency", "原币金额"}
        ),
        frozenset({"rtcur", "waers", "belegwahrung", "document currency", "transaction currency",
                   "transactioncurrency", "twaer", "原币", "原币币种"}),
    ),
    (frozenset({"wsl"}), frozenset({"rwcur"})),
    (frozenset({"pswbt"}), frozenset({"pswsl"})),
)  # fmt: skip


@lru_cache(4096)
def bare_name(name: str) -> str:
    """A name as it is compared here: lower case, no accents, no punctuation."""
    spaced = "".join(letter if letter.isalnum() else " " for letter in folded(name))
    parts = unicodedata.normalize("NFD", spaced)
    return " ".join(
        "".join(letter for letter in parts if unicodedata.category(letter) != "Mn").split()
    )


def columns_by_name(columns: Sequence[str]) -> dict[str, str]:
    """The columns by bare name, and by bare name without a currency behind it."""
    found: dict[str, str] = {}
    for column in columns:
        found.setdefault(bare_name(column), column)
    for column in columns:
        found.setdefault(bare_name(words_apart(column)), column)
    for column in columns:
        head, _, last = bare_name(column).rpartition(" ")
        if head and is_currency(last.upper()):
            found.setdefault(head, column)
    return found


def with_ledger_names(
    chosen: Mapping[str, str],
    examples: Mapping[str, Sequence[str]],
    fits: Callable[[str, Sequence[str]], bool],
) -> dict[str, str]:
    """The chosen columns and those that the names of ledgers find for the fields left over.

    `fits` says whether the values of a column can be those of a field.
    """
    found = dict(chosen)
    columns = columns_by_name(list(examples))
    for field in LINE_FIELDS:
        if field in found:
            continue
        for name in (field, *NAMES.get(field, ()), *LEDGER_NAMES.get(field, ())):
            column = columns.get(bare_name(name))
            if column and column not in found.values() and fits(field, examples[column]):
                found[field] = column
                break
    if {"amount", "currency"} <= found.keys():
        found["amount"] = _matching_amount(columns, found["amount"], found["currency"])
    return found


def _matching_amount(columns: Mapping[str, str], amount: str, currency: str) -> str:
    """The column whose amounts are in the chosen currency, where names tell them apart.

    SAP keeps the same amount in several currencies side by side.
    """
    amount_name, currency_name = bare_name(amount), bare_name(currency)
    for amounts, currencies in _PAIRS:
        if currency_name in currencies and amount_name not in amounts:
            paired = any(amount_name in others for others, _ in _PAIRS)
            better = next((columns[name] for name in columns if name in amounts), None)
            return better if paired and better else amount
    return amount
