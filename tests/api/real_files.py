"""The matrix of files: published ones, and small ones in the shapes that others publish.

Each says what an import of it must end with, with and without a profile of its own.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).resolve().parents[1] / "data" / "published"
COUNCIL = Path(__file__).resolve().parents[2] / "examples" / "oxford-council"

LEDGER = {"amount": "Amount", "posted_on": "Date"}


@dataclass(frozen=True)
class RealFile:
    """A file, how it is sent, and what becomes of it. `columns`: those of its own profile.

    `amounts` are what is accepted, by currency; `rejects` codes by row; `problem` the code of an
    import that is refused. `received` where it is more than what is accepted.
    """

    name: str
    content: bytes | Path
    kind: str = "ledger"
    form: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    accepted: int | None = None
    amounts: dict[str, str] = field(default_factory=dict)
    received: dict[str, str] | None = None
    rejects: dict[int, str] = field(default_factory=dict)
    periods: tuple[str, ...] | None = None
    problem: str | None = None
    profile: dict[str, Any] | None = None

    def bytes(self) -> bytes:
        """What is uploaded."""
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content


def text(encoding: str, *lines: str, end: str = "\n") -> bytes:
    """Lines as bytes."""
    return (end.join(lines) + end).encode(encoding)


PUBLISHED_FILES = (
    RealFile(
        "focus 1.0", COUNCIL / "focus" / "focus_1_0_sample_1000.csv", "focus", rows=1000,
        amounts={"USD": "14.97651418586"}, periods=("2024-09", "2024-10"),
        profile={"kind": "focus", "columns": {"cost_center": "SubAccountName"}},
    ),
    RealFile(
        "focus 1.0 as billed", COUNCIL / "focus" / "focus_1_0_sample_1000.csv", "focus",
        {"focus_cost": "BilledCost", "source": "billed"}, rows=1000,
        amounts={"USD": "20.52022672899"},
    ),
    RealFile(
        "focus 1.2", PUBLISHED / "focus_1_2_saas_spend_agreement_a2.csv", "focus", rows=13,
        amounts={"USD": "1200"}, profile={"kind": "focus", "columns": {"fields.meter": "SkuMeter"}},
        periods=("2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09", "2025-10",
                 "2025-11", "2025-12", "2026-01", "2026-02", "2026-03"),
    ),
    RealFile(
        "council ledger", COUNCIL / "ledger" / "oxford_council_2016q3.csv",
        form={"currency": "GBP"}, rows=3581, amounts={"GBP": "12937883.62"},
        periods=("2016-07", "2016-08", "2016-09"),
        profile={"columns": {"amount": "Amount", "posted_on": "Paid Date",
                             "account": "Expenditure Code", "cost_type": "Type of Expenditure"},
                 "date_format": "%d/%m/%Y", "decimal": "."},
    ),
    RealFile(
        "sap line items", PUBLISHED / "sap_faglflexa_data.csv", rows=3,
        amounts={"USD": "-5199.78"}, periods=("2006-06",),
        profile={"columns": {"amount": "HSL", "currency": "RTCUR", "account": "RACCT",
                             "fiscal_year": "GJAHR", "fiscal_period": "POPER"}},
    ),
    RealFile("sap headers", PUBLISHED / "sap_bkpf_data.csv", problem="profile_needed"),
    RealFile(
        "bank in two currencies", PUBLISHED / "hsbc_credit_negative_thousands.csv", rows=11,
        amounts={"CNY": "1732.27", "HKD": "-27.9"}, periods=("2025-03", "2025-04"),
        profile={"columns": {"amount": "Billing amount", "currency": "Billing currency",
                             "posted_on": "Post date", "vendor": "Merchant name"},
                 "date_format": "%d/%m/%Y"},
    ),
    RealFile(
        "chinese header with a mark", PUBLISHED / "huobi_bom.csv", form={"currency": "USD"},
        rows=3, amounts={"USD": "24.97401759"}, periods=("2021-02",),
        profile={"columns": {"amount": "成交额", "posted_on": "时间", "tags.pair": "交易对"}},
    ),
    RealFile(
        "no currency anywhere", PUBLISHED / "huobi_bom.csv", form={"source": "no-currency"},
        rows=3, accepted=0, rejects=dict.fromkeys((2, 3, 4), "missing_value"),
    ),
    RealFile(
        "incident log", COUNCIL / "itsm" / "servicenow_incident_log_a.csv", "tickets", rows=2040,
        profile={"kind": "tickets", "columns": {"number": "number", "opened_at": "opened_at",
                                                "state": "incident_state",
                                                "updated_at": "sys_updated_at"},
                 "date_format": "%d-%m-%Y %H:%M"},
    ),
    RealFile("servicenow task", PUBLISHED / "task_data.csv", "tickets", rows=1),
)  # fmt: skip

SHAPES = (
    RealFile(
        "council of another year",
        text("cp1252", "body_name,organisational_unit,expenditure_category,expenditure_code,"
             "paid_date,trans_no,amount,Type,supplier_id,supplier_name",
             "Town,Café & Culture,Rents,K95,07/10/2014,462_1,500,Revenue,20_46,Bike Co",
             "Town,HRA,Events,D38,17/10/2014,463_1,-710.31,Capital,20_47,Redacted", end="\r\n"),
        form={"currency": "GBP"}, rows=2, amounts={"GBP": "-210.31"}, periods=("2014-10",),
        profile={"columns": {"amount": "amount", "posted_on": "paid_date", "cost_type": "Type"}},
    ),
    RealFile(
        "ministry with a total below",
        text("cp1252", "Spend over £25,000,,,,", "",
             "Entity,Date,Expense Type,Supplier,Transaction Number,Amount (£)",
             'HO,13/01/2015,IT,FUJITSU,001,"£25,001.00"', 'HO,14/01/2015,IT,BT,002,"(£1,001.50)"',
             'Total,,,,,"£23,999.50"'),
        form={"currency": "GBP"}, rows=3, accepted=2, amounts={"GBP": "23999.5"},
        received={"GBP": "47999"}, rejects={6: "subtotal_row"}, periods=("2015-01",),
        profile={"columns": {"amount": "Amount (£)", "posted_on": "Date"}},
    ),
    RealFile(
        "wallet export in gbk with a preamble",
        text("gb18030", "----------------", "导出信息：", "姓名：某人",
             "起始时间：[2023-02-01 00:00:00]    终止时间：[2023-02-13 23:59:59]", "共2笔记录", "",
             "------------电子客户回单------------",
             "交易时间            ,交易对方   ,商品说明  ,收/支  ,金额     ,交易订单号 ,备注  ,",
             "2023-02-12 21:32:14 ,某商户     ,亲情卡    ,支出   ,49.74    ,2023021200\t,  ,",
             "2023-02-08 14:16:52 ,另一商户   ,示例      ,支出   ,20.00    ,2023020800\t,  ,"),
        form={"currency": "CNY"}, rows=2, amounts={"CNY": "69.74"}, periods=("2023-02",),
        profile={"columns": {"amount": "金额", "posted_on": "交易时间"}, "encoding": "gb18030"},
    ),
    RealFile(
        "chinese voucher book with monthly totals",
        text("gb18030", "凭证日期,凭证字号,摘要,科目编码,借方金额,贷方金额,余额",
             '2026-01-05,记-1,办公用品,6602,"1,200.00",,"1,200.00"',
             '2026-01-09,记-2,冲销,6602,,200.00,"1,000.00"',
             '2026-01-31,,本月合计,,"1,200.00",200.00,"1,000.00"',
             '2026-02-03,记-3,电费,6602,30.00,,"1,030.00"',
             '2026-02-28,,本月合计,,30.00,,"1,030.00"',
             '2026-02-28,,本年累计,,"1,230.00",200.00,"1,030.00"'),
        form={"currency": "CNY"}, rows=6, accepted=3, amounts={"CNY": "1030"},
        received={"CNY": "3090"},
        rejects={4: "subtotal_row", 6: "subtotal_row", 7: "subtotal_row"},
        periods=("2026-01", "2026-02"),
        profile={"columns": {"debit": "借方金额", "credit": "贷方金额", "posted_on": "凭证日期",
                             "document": "凭证字号", "account": "科目编码"}},
    ),
    RealFile(
        "bank with debit and credit words",
        text("utf-8", "序号,交易日期,交易时间,借贷,交易金额,余额,对方户名,摘要",
             "1,2025-01-01,00:00:00,贷 Cr,1.23,1334.63,银行,利息",
             "2,2025-01-02,13:15:12,借 Dr,3.21,2334.62,某人,还款"),
        form={"currency": "CNY"}, rows=2, amounts={"CNY": "1.98"}, periods=("2025-01",),
        profile={"columns": {"amount": "交易金额", "posted_on": "交易日期"},
                 "sign": {"flag_column": "借贷", "debit": "借 Dr", "credit": "贷 Cr"}},
    ),
    RealFile(
        "german bookings",
        text("cp1252", "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Konto;"
             "Belegdatum;Belegfeld 1;Buchungstext",
             "1.234,56;S;EUR;4930;05.01.2026;RE1;Büro", "34,00;H;EUR;4930;16.01.2026;RE2;Gut",
             ";;;;;;", "1.200,56;;EUR;Summe;;;"),
        rows=3, accepted=2, amounts={"EUR": "1200.56"}, rejects={5: "subtotal_row"},
        received={"EUR": "2401.12"}, periods=("2026-01",),
        profile={"columns": {"amount": "Umsatz (ohne Soll/Haben-Kz)", "currency": "WKZ Umsatz",
                             "posted_on": "Belegdatum"},
                 "decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y",
                 "sign": {"flag_column": "Soll/Haben-Kennzeichen", "debit": "S", "credit": "H"}},
    ),
    RealFile(
        "sap line items with a flag and closing periods",
        text("utf-8", "BUKRS\tBELNR\tGJAHR\tPOPER\tBUDAT\tSHKZG\tDMBTR\tHWAER\tHKONT\tSTBLG",
             "1000\t1\t2026\t001\t20260105\tS\t1500.00\tEUR\t470000\t",
             "1000\t2\t2026\t013\t20261231\tH\t300.00\tEUR\t470000\t1"),
        rows=2, amounts={"EUR": "1200"}, periods=("2026-01", "2026-12"),
        profile={"columns": {"amount": "DMBTR", "currency": "HWAER", "fiscal_year": "GJAHR",
                             "fiscal_period": "POPER"},
                 "sign": {"flag_column": "SHKZG", "debit": "S", "credit": "H"}},
    ),
    RealFile(
        "city budget with running totals in columns",
        text("utf-8", '"FY","FM","Dept","Sub-obj","Original Appn Balance",'
             '"Total  (Original Appn Balance) No.2","Total  (Original Appn Balance) No.1"',
             '2017,1,"04","0100",100000.00,100000.00,100000.00',
             '2017,1,"04","0101",13809858.00,13909858.00,13909858.00'),
        "budget", {"currency": "USD", "period": "2016-07"}, rows=2,
        amounts={"USD": "13909858"}, periods=("2016-07",),
        profile={"kind": "budget",
                 "columns": {"amount": "Original Appn Balance", "fiscal_year": "FY",
                             "fiscal_period": "FM", "cost_center": "Dept"},
                 "constants": {"fiscal_year_start": "7"}},
    ),
    RealFile(
        "accounts package with group heads and nested totals",
        text("utf-8", ",Type,Date,Num,Name,Memo,Debit,Credit,Balance",
             "Office Supplies,,,,,,,,0.00", ",Bill,01/13/2026,1,Staples,paper,50.00,,50.00",
             ",Bill,01/15/2026,2,Staples,ink,,10.00,40.00",
             "Total Office Supplies,,,,,,50.00,10.00,40.00",
             "Software,,,,,,,,0.00", ",Bill,01/16/2026,3,Total Software Inc,seats,5.00,,5.00",
             "Total Software,,,,,,5.00,,5.00", "TOTAL,,,,,,55.00,10.00,45.00"),
        form={"currency": "USD"}, rows=8, accepted=3, amounts={"USD": "45"},
        received={"USD": "135"}, periods=("2026-01",),
        rejects={2: "missing_value", 5: "subtotal_row", 6: "missing_value", 8: "subtotal_row",
                 9: "subtotal_row"},
        profile={"columns": {"debit": "Debit", "credit": "Credit", "posted_on": "Date",
                             "vendor": "Name"}},
    ),
    RealFile(
        "budget by year and month in words",
        text("utf-8", "Year,Month,Cost Center,Account,Budget", "2026,January,IT,4400,100",
             "2026,February,IT,4400,200.50"),
        "budget", {"currency": "GBP"}, rows=2, amounts={"GBP": "300.5"},
        periods=("2026-01", "2026-02"),
        profile={"kind": "budget", "columns": {"amount": "Budget", "fiscal_year": "Year",
                                               "fiscal_period": "Month"}},
    ),
    RealFile(
        "dates that may be either",
        text("utf-8", "Date,Amount", "03/04/2016,1.00", "05/06/2016,2.00"),
        form={"currency": "GBP"}, rows=2, accepted=0, received={"GBP": "3"},
        rejects={2: "ambiguous_date", 3: "ambiguous_date"},
    ),
    RealFile(
        "cloud bill of a reseller in tokens and in money",
        text("utf-8", "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,"
             "BillingPeriodStart,ChargePeriodStart,InvoiceId,ServiceProviderName,x_Team,Tags",
             '10.5,9.5,A,USD,2026-04-01T00:00:00Z,2026-04-02T00:00:00Z,I-1,Acme,ops,"{""a"":""b""}"',
             "7,7,A,Tokens,2026-04-01T00:00:00Z,2026-04-02T00:00:00Z,I-1,Acme,ops,"),
        "focus", rows=2, accepted=1, amounts={"USD": "9.5"}, rejects={3: "virtual_currency"},
        periods=("2026-04",),
    ),
)  # fmt: skip

FILES = (*PUBLISHED_FILES, *SHAPES)
