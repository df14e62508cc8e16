"""Every type of report as a workbook and as pages: figures, formulas, Chinese text, equal bytes."""

import io
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pypdfium2
import pytest

from services.valuation.reporting.reports.content.reports import AVAILABLE_TYPES, write_document
from services.valuation.reporting.reports.document import Document, Money, Number, cell_text
from services.valuation.reporting.reports.files.csv_file import render_csv
from services.valuation.reporting.reports.files.formats import render
from services.valuation.reporting.reports.files.html_page import render_html
from services.valuation.reporting.reports.files.json_file import render_json
from services.valuation.reporting.reports.files.pdf_file import render_pdf
from services.valuation.reporting.reports.files.xlsx_file import render_xlsx
from services.valuation.reporting.reports.wording.labels import ALL_SENTENCES, ALL_TERMS
from services.valuation.reporting.reports.workflow import AVAILABLE_TYPES as ORDERED
from tests.unit.report_builders import LINKS, RUN_ID
from tests.unit.report_type_builders import LONG_NAME, document_of, inputs_of

# Types whose pages have no chart: drawing is slow, and other tests look at charts.
PLAIN = ("consumer-statement", "unallocated-and-data-quality", "carbon", "compliance")
KEY_FIGURES = {
    "consumer-statement": ("账单行", "219,134.27", "254.16", LONG_NAME),
    "unallocated-and-data-quality": ("未分摊", "70.00", "14.3%", "总账.csv"),
    "carbon": ("能耗", "31,250.50", "17,109.27", LONG_NAME),
    "compliance": ("四眼原则", "王编制", "审批自己的工作"),
}


def pages(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return texts


def bare(text: str) -> str:
    """Without the breaks of lines and the thin spaces between Chinese and digits."""
    return re.sub(r"\s|\u200b", "", text)


def workbook(kind: str, *, values: bool) -> Any:
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(document_of(kind))), data_only=values)


@pytest.fixture(scope="module")
def overview() -> tuple[Any, Any]:
    """The same workbook, once with its formulas and once with their cached values."""
    return workbook("it-spend-overview", values=False), workbook("it-spend-overview", values=True)


def test_what_can_be_ordered_is_what_can_be_written() -> None:
    assert set(ORDERED) == set(AVAILABLE_TYPES)


def test_totals_are_formulas_whose_cached_value_is_the_exact_figure(
    overview: tuple[Any, Any],
) -> None:
    formulas, values = (book["各消费者逐月成本"] for book in overview)
    assert formulas["C4"].value == "=SUM(C2:C3)"
    assert (values["C4"].value, values["D4"].value, values["E4"].value) == (850, 950, 1800)


def test_amounts_are_numbers_with_a_format_under_a_frozen_filtered_header(
    overview: tuple[Any, Any],
) -> None:
    sheet = overview[0]["各消费者逐月成本"]
    assert (sheet["D2"].value, sheet["D2"].data_type) == (900.1, "n")
    assert sheet["D2"].number_format.startswith("#,##0.00")
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:E3"
    assert sheet.column_dimensions["A"].width > 50


def test_the_sources_sheet_proves_the_figures(overview: tuple[Any, Any]) -> None:
    rows = list(overview[0]["数据来源与校验"].iter_rows(values_only=True))
    run = next(row for row in rows if RUN_ID in row and "cd" * 32 in row)
    assert f"/allocation/v1/runs/{RUN_ID}" in run
    assert ("ef" * 32) in [cell for row in rows for cell in row]


@pytest.mark.parametrize("kind", AVAILABLE_TYPES)
def test_every_total_of_a_workbook_is_the_sum_of_its_column(kind: str) -> None:
    for section in document_of(kind).sections:
        for table in section.tables:
            for index, column in enumerate(table.columns):
                cell = (table.totals or ())[index] if table.totals else None
                if not column.adds_up or not isinstance(cell, Money | Number):
                    continue
                parts = [row[index] for row in table.rows]
                figures = [_figure(part) for part in parts if isinstance(part, Money | Number)]
                assert sum(figures, Decimal(0)) == _figure(cell), (table.key, column.key)


def _figure(cell: Money | Number) -> Decimal:
    return cell.amount if isinstance(cell, Money) else cell.value


@pytest.mark.parametrize("kind", PLAIN)
def test_pages_hold_chinese_labels_figures_and_long_names(kind: str) -> None:
    found = pages(render_pdf(document_of(kind)))
    text = bare("".join(found))
    for each in KEY_FIGURES[kind]:
        assert bare(each) in text, each
    assert f"{len(found)}/{len(found)}" in bare(found[-1])


@pytest.mark.parametrize("kind", AVAILABLE_TYPES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_figure_in_words_is_linked_to_its_source(kind: str, language: str) -> None:
    for section in document_of(kind, language).sections:
        for said in section.sentences:
            for part in said.parts:
                if isinstance(part, Money | Number):
                    assert part.href, cell_text(part, "en")


def test_a_statement_does_not_tell_what_others_spend() -> None:
    text = render_json(document_of("consumer-statement")).decode()
    assert "views/finance" not in text
    assert '"1000"' not in text


def shuffled(kind: str) -> Document:
    """The same facts gathered in another order."""
    inputs = inputs_of(kind)
    parts = ("pools", "towers", "solutions", "consumers", "unallocated")
    cost = inputs.cost and replace(
        inputs.cost, **{name: getattr(inputs.cost, name)[::-1] for name in parts}
    )
    bill = inputs.statement and replace(inputs.statement, lines=inputs.statement.lines[::-1])
    trail = inputs.compliance and replace(
        inputs.compliance,
        counts=inputs.compliance.counts[::-1],
        approvals=inputs.compliance.approvals[::-1],
    )
    carbon = inputs.carbon and replace(
        inputs.carbon,
        layers={layer: rows[::-1] for layer, rows in inputs.carbon.layers.items()},
    )
    changed = replace(inputs, cost=cost, statement=bill, compliance=trail, carbon=carbon)
    return write_document(kind, changed, LINKS)


@pytest.mark.parametrize("kind", PLAIN)
def test_the_order_of_gathering_changes_no_byte(kind: str) -> None:
    for make in (render_csv, render_json, render_html, render_xlsx, render_pdf):
        assert make(shuffled(kind)) == make(document_of(kind))


@pytest.mark.parametrize("kind", sorted(set(AVAILABLE_TYPES) - set(PLAIN)))
def test_machines_read_equal_bytes_of_the_other_types_too(kind: str) -> None:
    assert render(shuffled(kind), "json") == render(document_of(kind), "json")


def test_every_word_is_there_in_both_languages_with_the_same_gaps() -> None:
    for words in (ALL_TERMS, ALL_SENTENCES):
        for key, said in words.items():
            gaps = {language: set(re.findall(r"{(\w+)}", said[language])) for language in said}
            assert gaps["en"] == gaps["zh-CN"], key
