"""Units read as a controller of the reader's country writes them, in pages, cells and charts."""

import io
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import openpyxl
import pytest

from services.valuation.reporting.charts.drawings.axes import amount_title
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.of_kpis import attained_words
from services.valuation.reporting.charts.units import unit_words, with_unit
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import Column, Number, Section, Table, Text
from services.valuation.reporting.reports.files.xlsx_file import render_xlsx
from services.valuation.reporting.reports.gathering.clear_names import clear_names
from tests.unit.report_builders import a_document


@pytest.mark.parametrize(
    ("unit", "english", "chinese"),
    [
        ("%", "28%", "28%"),
        ("d", "28 d", "28 天"),
        ("CNY/order", "28 CNY/order", "28 元/单"),
        ("CNY/core-h", "28 CNY/core-h", "28 元/核小时"),
        ("order/customer", "28 order/customer", "28 单/客户"),
        ("customer", "28 customers", "28 位客户"),
        ("次/年", "28 times/year", "28 次/年"),
        ("百分点", "28 points", "28 百分点"),
        ("count", "28", "28"),
        ("ratio", "28", "28"),
        ("", "28", "28"),
        ("widgets", "28 widgets", "28 widgets"),
    ],
)
def test_a_unit_reads_in_the_readers_language(unit: str, english: str, chinese: str) -> None:
    assert with_unit("28", unit, "en") == english
    assert with_unit("28", unit, "zh-CN") == chinese


def test_an_axis_says_its_unit_in_the_readers_language() -> None:
    assert amount_title("成本", "CNY", "zh-CN") == "成本（元）"
    assert amount_title("Cost", "CNY", "en") == "Cost (CNY)"


@pytest.mark.parametrize(("language", "said"), [("en", "no target"), ("zh-CN", "未设目标")])
def test_a_kpi_without_a_target_is_not_said_to_be_incalculable(
    language: Language, said: str
) -> None:
    told = SimpleNamespace(unit="h", target=None)
    words = attained_words(told, Decimal(51000), None, language)
    assert words.split(" · ") == [f"51,000 {unit_words('h', language)}", said]


def test_cells_of_a_workbook_are_numbers_that_show_their_unit() -> None:
    cells = [Number(Decimal(28), "%"), Number(Decimal("4.25"), "h"), Number(Decimal(34), 'a"b')]
    table = Table(
        "kpis",
        "价值指标",
        (Column("kpi", "指标"), Column("actual", "实际", "number")),
        tuple((Text("x"), cell) for cell in cells),
    )
    document = replace(a_document(), sections=(Section("value", "价值", tables=(table,)),))
    book = openpyxl.load_workbook(io.BytesIO(render_xlsx(document)))
    shown = [(row[1].value, row[1].number_format) for row in book["价值指标"].iter_rows(min_row=2)]
    assert shown == [(28, '#,##0"%"'), (4.25, '#,##0.####" 小时"'), (34, '#,##0" ab"')]


def test_a_figure_of_a_kpi_is_found_where_its_link_leads() -> None:
    """Without months the series would end today and no longer hold an old figure."""
    series = Links("/allocation", "/valuation", "run").of_kpi("k1", "2025-05")
    assert series == "/valuation/v1/value-kpis/k1/series?from=2024-06&to=2025-05"


def test_names_that_two_objects_share_get_their_parents() -> None:
    objects: list[dict[str, str | None]] = [
        {"code": "hw", "name": "硬件", "parent": None},
        {"code": "sw", "name": "软件", "parent": None},
        {"code": "hw/opex", "name": "运营支出", "parent": "hw"},
        {"code": "sw/opex", "name": "运营支出", "parent": "sw"},
        {"code": "sw/capex", "name": "资本支出", "parent": "sw"},
    ]
    asked = []

    def list_objects(layer: str) -> list[dict[str, str | None]]:
        asked.append(layer)
        return objects

    client = SimpleNamespace(list_objects=list_objects)
    names = {"hw/opex": "运营支出", "sw/opex": "运营支出", "sw/capex": "资本支出"}
    assert clear_names(client, "pool", names) == {  # type: ignore[arg-type]
        "hw/opex": "硬件 › 运营支出",
        "sw/opex": "软件 › 运营支出",
    }
    assert clear_names(client, "pool", {"hw/opex": "运营支出"}) == {}  # type: ignore[arg-type]
    assert asked == ["pool"]
