"""What the reports say: sentences follow from figures, every figure leads to its source."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import cache

from services.valuation.reporting.reports.content.inputs import ValueFacts
from services.valuation.reporting.reports.content.value_section import attainment_picture
from services.valuation.reporting.reports.document import (
    Document,
    Money,
    Section,
    Table,
    Text,
    sentence_text,
    shortened_table,
)
from services.valuation.reporting.reports.wording.sentences import SENTENCES
from services.valuation.reporting.reports.wording.terms import TERMS
from shared.money import add_exactly
from tests.unit.report_builders import (
    a_chain_without_revenue,
    a_document,
    a_run,
    some_costs,
    some_values,
)


@cache
def the_report(language: str = "zh-CN") -> Document:
    """The report of the small company as it is, written once for all tests."""
    return a_document(language)


def section(document: Document, key: str) -> Section:
    return next(part for part in document.sections if part.key == key)


def words(document: Document, key: str) -> list[str]:
    return [sentence_text(said, document.language) for said in section(document, key).sentences]


def table(document: Document, key: str) -> Table:
    return next(item for part in document.sections for item in part.tables if item.key == key)


def test_a_stage_is_told_with_its_share_of_cost_and_of_revenue() -> None:
    assert "设计环节 IT 投入占比 32.0%\uff0c贡献营收占比 45.0%。" in words(the_report(), "chain")


def test_the_same_is_said_in_english() -> None:
    assert "设计: 32.0% of IT cost, 45.0% of revenue." in words(the_report("en"), "chain")


def test_without_a_revenue_kpi_no_share_of_value_is_made_up() -> None:
    said = " ".join(words(a_document("en", chain=a_chain_without_revenue()), "chain"))
    assert "of revenue" not in said
    assert "its share of value is not guessed" in said


def test_revenue_in_two_currencies_is_never_added_up() -> None:
    document = a_document("en", chain=a_chain_without_revenue("CNY", "EUR"))
    assert any("different units (CNY, EUR)" in said for said in words(document, "chain"))
    assert "45.0%" not in " ".join(words(document, "chain"))


def test_solutions_without_a_stage_stay_in_the_whole_that_shares_refer_to() -> None:
    shares = [row[2].value for row in table(the_report(), "stages").rows]
    assert shares == [Decimal("0.53"), Decimal("0.32"), Decimal("0.15")]


def test_every_figure_of_the_narrative_leads_to_its_source() -> None:
    for part in the_report().sections:
        for said in part.sentences:
            figures = [piece for piece in said.parts if isinstance(piece, Money)]
            assert all(figure.href for figure in figures), sentence_text(said, "en")


def test_what_could_not_be_allocated_is_a_warning_with_its_main_reason() -> None:
    said = next(said for said in section(the_report("en"), "summary").sentences[1:2])
    assert said.kind == "warning"
    assert sentence_text(said, "en") == (
        "CNY 50.00 (5.0%) could not be allocated; most of it because: driver has no quantities."
    )


def test_a_run_that_allocates_everything_says_so() -> None:
    cost = replace(some_costs(), run=a_run(unallocated=Decimal(0)), unallocated=())
    assert "Nothing stayed unallocated." in words(a_document("en", cost), "summary")


def test_lines_without_a_rate_are_told_with_their_number_and_currency() -> None:
    assert any(said.startswith("999 lines in USD") for said in words(the_report("en"), "summary"))


def test_a_reconciliation_that_does_not_close_is_not_hidden() -> None:
    broken = replace(some_costs().reconciliation[0], difference=Decimal("0.01"))
    cost = replace(some_costs(), reconciliation=(broken,))
    assert "Reconciliation step lines does not close: difference CNY 0.01." in words(
        a_document("en", cost), "proof"
    )


def test_benefits_of_two_currencies_get_a_sentence_each() -> None:
    value = some_values()
    benefit = replace(value.initiatives[0].benefits[0], currency="EUR", due_period="2026-02")
    benefits = (*value.initiatives[0].benefits, benefit)
    value = replace(value, initiatives=(replace(value.initiatives[0], benefits=benefits),))
    said = words(a_document("en", value=value), "value")
    assert sum("were expected to bring" in text for text in said) == 2


def test_a_dis_benefit_counts_against_the_promise() -> None:
    value = some_values()
    promised = value.initiatives[0].benefits[0]
    against = replace(promised, benefit_kind="dis_benefit", monetary_value=Decimal("2000000"))
    value = replace(
        value, initiatives=(replace(value.initiatives[0], benefits=(promised, against)),)
    )
    assert any(
        "expected to bring CNY 10,000,000.00" in said
        for said in words(a_document("en", value=value), "value")
    )


def test_totals_are_the_exact_sum_of_their_rows() -> None:
    consumers = table(the_report(), "consumer")
    amounts = [row[2].amount for row in consumers.rows]
    assert consumers.totals[2].amount == add_exactly(amounts) == Decimal("950.00")


def test_who_consumes_what_is_listed_by_consumer_and_solution() -> None:
    rows = [
        (row[1].text, row[3].text, row[4].amount) for row in table(the_report(), "consumption").rows
    ]
    assert rows == [("SHOPS", "SCM", Decimal("646")), ("SHOPS", "DESIGN", Decimal("254.10"))]


def test_what_stays_unallocated_is_drawn_grey_beside_the_consumers() -> None:
    flow = next(item for item in section(the_report(), "cost").pictures if item.key == "flow")
    drawn = [row.get("tip", "") for rows in flow.spec["datasets"].values() for row in rows]
    assert "应用 → 未分摊: 50.00 元" in drawn


def test_a_shortened_table_still_adds_up() -> None:
    whole = table(the_report(), "pool")
    rows = tuple((Text(f"P{n}"), *whole.rows[0][1:]) for n in range(50))
    short = shortened_table(replace(whole, rows=rows), 10, "Others")
    assert len(short.rows) == 11
    assert short.rows[-1][0] == Text("Others (40)")
    place = [column.key for column in whole.columns].index("amount")
    assert add_exactly([row[place].amount for row in short.rows]) == Decimal(50 * 700)


def test_every_label_and_sentence_exists_in_both_languages() -> None:
    for entry in (*TERMS.values(), *SENTENCES.values()):
        assert set(entry) == {"en", "zh-CN"}
        assert all(entry.values())


def test_both_languages_of_a_sentence_have_the_same_gaps() -> None:
    for key, entry in SENTENCES.items():
        gaps = [set(re.findall(r"\{(\w+)\}", text)) for text in entry.values()]
        assert gaps[0] == gaps[1], key


def test_of_many_kpis_the_worst_are_drawn_beside_the_best() -> None:
    kpi = some_values().kpis[-1]
    kpis = tuple(
        replace(kpi, code=f"K{number:02}", name=f"K{number:02}", attainment=Decimal(number) / 10)
        for number in range(20)
    )
    picture = attainment_picture(ValueFacts(kpis), "2026-01", "en")
    drawn = next(rows for rows in picture.spec["datasets"].values() if "name" in rows[0])
    names = [row["name"] for row in drawn]
    assert names[:7] == [f"K{number:02}" for number in range(19, 12, -1)]
    assert names[7:] == [f"K{number:02}" for number in range(6, -1, -1)]
    assert "the best 7 and the worst 7 of 20" in picture.spec["description"]
