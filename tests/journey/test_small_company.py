"""A small company from its ledger to corrected bills, figure by figure against a spreadsheet.

`small-company.xlsx` holds the facts and works them out by hand; here the same facts go through
the services, and every figure of the sheet Figures is asked of them.
"""

import re
import zipfile
from decimal import Decimal
from functools import cache
from pathlib import Path

import fastexcel
import pytest

from tests.journey.small_company import WORKBOOK, write_company
from tests.modelling import Figures, Json, Modelling, by_driver, direct, ok, send_all
from tests.running import ServiceUnderTest

FEW_UNITS = Decimal("0.000005")
OBJECTS = {
    "pool": ["CLOUD", "LICENCES", "STAFF"],
    "resource": ["SERVERS", "NETWORK", "DESK"],
    "solution": ["ERP", "SHOP", "MAIL"],
    "consumer": ["RETAIL", "ONLINE", "HEAD_OFFICE"],
}
MAPPINGS: list[Json] = [
    direct("cloud", "line_to_pool", "CLOUD", source={"account": "4400"}),
    direct("licences", "line_to_pool", "LICENCES", source={"account": "4500"}),
    direct("staff", "line_to_pool", "STAFF", source={"account": "6000"}),
    {"code": "rent", "stage": "line_to_pool", "source": {"account": "7000"},
     "method": "direct", "target": {"out_of_scope": True}},
    direct("machines", "pool_to_resource", "SERVERS", source={"tags.kind": "compute"}),
    direct("wires", "pool_to_resource", "NETWORK", source={"tags.kind": "network"}),
    by_driver("work", "pool_to_resource", "hours", {}, source={"code": "STAFF"},
              portion="90", priority=1),
    {"code": "training", "stage": "pool_to_resource", "source": {"code": "STAFF"},
     "priority": 2, "method": "direct", "target": {"retain": True}},
    {"code": "applications", "stage": "pool_to_solution", "source": {"code": "LICENCES"},
     "method": "direct",
     "target": {"field": "tags.app", "aliases": {"erp": "ERP", "webshop": "SHOP"}}},
    by_driver("wired", "resource_to_resource", "ports", {}, source={"code": "NETWORK"},
              portion="40"),
    direct("monitoring", "resource_to_resource", "NETWORK", source={"code": "SERVERS"},
           portion="20"),
    {"code": "machines-used", "stage": "resource_to_solution", "source": {"code": "SERVERS"},
     "method": "capacity", "driver": "vm_hours", "capacity_driver": "vm_capacity", "target": {}},
    {"code": "connected", "stage": "resource_to_solution", "source": {"code": "NETWORK"},
     "method": "even", "target": {}},
    {"code": "tickets", "stage": "resource_to_consumer", "source": {"code": "DESK"},
     "method": "rate", "driver": "tickets", "target": {},
     "rates": {"*": {"amount": "12.50", "currency": "EUR"}}},
    by_driver("users", "solution_to_consumer", "users", {}, source={"code": ["ERP", "MAIL"]}),
    direct("shop", "solution_to_consumer", "ONLINE", source={"code": "SHOP"}),
]  # fmt: skip
LEDGER = {
    "code": "linden",
    "kind": "ledger",
    "columns": {
        "external_id": "id",
        "account": "account",
        "tags.kind": "kind",
        "tags.app": "app",
        "amount": "amount",
        "currency": "currency",
        "description": "what",
    },
}


@cache
def rows(sheet: str) -> list[Json]:
    """The rows of a sheet of the workbook, by the names of its first row."""
    read = fastexcel.read_excel(WORKBOOK).load_sheet(sheet).to_polars()
    return read.to_dicts()


def month_of(period: str) -> str:
    return next(row["month"] for row in rows("Rates") if row["period"] == period)


class Linden:
    """The company and how far it is: two months, January corrected in February."""

    def __init__(self, allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
        self.modelling = Modelling(allocation, ingest)
        self.allocation, self.ingest = allocation, ingest
        self.runs: dict[str, Figures] = {}
        self.bills: dict[tuple[str, str], Json] = {}

    def live(self) -> None:
        """All that happens, in the order in which it happens."""
        for layer, codes in OBJECTS.items():
            self.modelling.objects(layer, *codes)
        self.modelling.publish_model(MAPPINGS, {"resource_to_resource": {"solve": "reciprocal"}})
        ok(self.ingest.post("/v1/profiles/bulk", json={"items": [LEDGER]}))
        self._measure()
        budgets = [
            {
                "layer": row["layer"],
                "object": row["code"],
                "period": "2026-01",
                "amount": str(row["figure"]),
                "currency": "EUR",
            }
            for row in rows("Figures")
            if row["question"] == "budget"
        ]
        send_all(self.allocation, "budgets", budgets)
        self._month("2026-01")
        self._correct_january()
        ok(self.allocation.post("/v1/periods/2026-01/close", json={"reason": "billed"}))
        self._month("2026-02")

    def _measure(self) -> None:
        periods = {row["month"]: row["period"] for row in rows("Rates")}
        for driver in sorted({row["driver"] for row in rows("Drivers")}):
            self.modelling.driver(driver)
        items = [
            {
                "driver": row["driver"],
                "period": periods[row["month"]],
                "target": row["target"],
                "quantity": str(row["quantity"]),
            }
            for row in rows("Drivers")
        ]
        send_all(self.ingest, "driver-quantities", items)
        rates = [
            {
                "period": row["period"],
                "from": row["from"],
                "to": row["to"],
                "kind": "average",
                "rate": str(row["rate"]),
            }
            for row in rows("Rates")
        ]
        send_all(self.ingest, "exchange-rates", rates)

    def _month(self, period: str) -> None:
        """The ledger comes as a file; the run is published and billed."""
        names = list(LEDGER["columns"].values())
        lines = [
            ",".join(str(row[name] or "") for name in names)
            for row in rows("Lines")
            if row["month"] == month_of(period)
        ]
        content = "\n".join([",".join(names), *lines]).encode()
        form = {"kind": "ledger", "profile": "linden", "period": period, "source": "books"}
        file = {"file": (f"{period}.csv", content, "text/csv")}
        made = ok(self.ingest.post("/v1/imports", data=form, files=file))
        self.ingest.run_jobs()
        done = ok(self.ingest.get(f"/v1/imports/{made['id']}"))
        assert done["rows"]["accepted"] == len(lines), done
        self.runs[period] = self.modelling.run(period, publish=True)
        ok(self.allocation.post("/v1/statements", json={"period": period}))
        found = ok(self.allocation.get("/v1/statements", params={"period": period}))["items"]
        for item in found:
            path = f"/v1/statements/{item['id']}"
            ok(self.allocation.post(f"{path}/issue"))
            self.bills[period, item["consumer"]] = ok(self.allocation.get(path))

    def _correct_january(self) -> None:
        """RETAIL does not agree with its part of the ERP; HEAD_OFFICE takes 100 of it."""
        bill = self.bills["2026-01", "RETAIL"]
        line = next(one for one in bill["lines"] if one["solution"] == "ERP")
        asked = {"statement_line": line["id"], "reason": "users of head office were counted"}
        dispute = ok(self.allocation.post("/v1/disputes", json=asked))
        path = f"/v1/disputes/{dispute['id']}"
        for step in ("review", "uphold"):
            ok(self.allocation.post(f"{path}/{step}", json={"reason": "counted again"}))
        correction = {"amount": "100.00", "counterparty": "HEAD_OFFICE"}
        ok(self.allocation.post(f"{path}/correct", json=correction))


@pytest.fixture(scope="module")
def linden(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Linden:
    company = Linden(allocation, ingest)
    company.live()
    return company


def ask(linden: Linden, period: str, row: Json) -> Decimal:
    """The service's own figure for a row of the sheet Figures."""
    figures, question = linden.runs[period], row["question"]
    if question == "total":
        return figures.total(row["code"])
    if question == "left":
        return figures.left(row["other"], row["code"])
    if question == "flow":
        return figures.flow(row["code"], row["other"])
    if question == "bill":
        return Decimal(linden.bills[period, row["code"]]["amount"])
    if question in {"budget", "variance"}:
        query = {"period": period}
        items = ok(linden.allocation.get(f"/v1/views/{row['layer']}s", params=query))["items"]
        return Decimal(next(one for one in items if one["code"] == row["code"])[question])
    return figures.balance(row["layer"], row["code"])[question]


@pytest.mark.parametrize("place", range(len(rows("Figures"))))
def test_the_service_shows_the_figure_of_the_spreadsheet(linden: Linden, place: int) -> None:
    row = rows("Figures")[place]
    period = next(one["period"] for one in rows("Rates") if one["month"] == row["month"])
    expected = Decimal(repr(row["figure"]))
    assert abs(ask(linden, period, row) - expected) < FEW_UNITS, row


def test_the_lines_of_a_bill_add_up_to_it(linden: Linden) -> None:
    for bill in linden.bills.values():
        amounts = [Decimal(line["amount"]) for line in bill["lines"]]
        assert sum(amounts) == Decimal(bill["amount"])
        assert all(amount == round(amount, 2) for amount in amounts)


def test_a_bill_is_traced_to_its_lines_and_a_line_to_its_bills(linden: Linden) -> None:
    figures = linden.runs["2026-01"]
    query = {"layer": "consumer", "code": "RETAIL", "to": "line"}
    back = figures.ask("trace", **query)
    amounts = {one["name"]: Decimal(one["amount"]) for one in back["contributions"]}
    assert sum(amounts.values()) == figures.balance("consumer", "RETAIL")["retained"]
    assert amounts["credit for an outage"] < 0 < amounts["virtual machines"]
    assert "rent of the shops: not IT" not in amounts
    machines = next(one for one in back["contributions"] if one["name"] == "virtual machines")
    forward = figures.ask(f"cost-lines/{machines['line']}/trace", to="consumer")
    to_retail = next(one for one in forward["contributions"] if one["code"] == "RETAIL")
    assert abs(Decimal(to_retail["amount"]) - Decimal(machines["amount"])) <= Decimal("0.000002")


def test_every_month_is_reconciled_with_its_file(linden: Linden) -> None:
    for figures in linden.runs.values():
        for step in figures.ask("reconciliation")["steps"]:
            assert step["difference"] == "0", step


def test_the_workbook_is_what_its_script_writes(tmp_path: Path) -> None:
    again = tmp_path / "again.xlsx"
    write_company().save(again)
    with zipfile.ZipFile(WORKBOOK) as kept, zipfile.ZipFile(again) as made:
        names = [name for name in kept.namelist() if name.startswith("xl/")]
        assert names == [name for name in made.namelist() if name.startswith("xl/")]
        for name in names:
            assert kept.read(name) == made.read(name), name
        sheet = kept.read("xl/worksheets/sheet4.xml").decode()
    assert len(re.findall("<f>", sheet)) == len(rows("January"))


def test_nothing_vanishes_in_the_spreadsheet_either() -> None:
    for month in ("January", "February"):
        (check,) = [row for row in rows(month) if row["step"] == "nothing vanished (0)"]
        assert check["amount"] == 0
