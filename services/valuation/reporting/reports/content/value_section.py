"""The chapter on value: KPI attainment, benefits promised and realised, reviews."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, percent_text, short_number
from services.valuation.reporting.charts.units import with_unit
from services.valuation.reporting.charts.value_chart import Attainment, attainment_chart
from services.valuation.reporting.charts.wording import word
from services.valuation.reporting.reports.content.inputs import (
    InitiativeFacts,
    KpiFacts,
    ValueFacts,
)
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.review_tables import (
    review_sentences,
    review_tables,
)
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Day,
    Missing,
    Money,
    Number,
    Picture,
    Section,
    Sentence,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence, term
from shared.money import add_exactly

_MOST_BARS = 14


def value_section(value: ValueFacts, period: str, links: Links, language: Language) -> Section:
    """What was measured against what was promised; an honest note where there is nothing."""
    sentences = [
        *_kpi_sentences(value, links, language),
        *_benefit_sentences(value, links, language),
        *review_sentences(value, links, language),
    ]
    tables = []
    if value.kpis:
        tables.append(_kpi_table(value, links, language))
    if value.initiatives:
        tables.append(_initiative_table(value, links, language))
        tables += _figure_tables(value, links, language)
    tables += review_tables(value, links, language)
    return Section(
        "value",
        label("value", language),
        tuple(sentences),
        tuple(_pictures(value, period, language)),
        tuple(tables),
    )


def number_cell(value: Decimal | None, unit: str, href: str | None = None) -> Cell:
    """A KPI's number with its unit, or nothing."""
    return Missing() if value is None else Number(value, unit, href=href)


def attainment_cell(value: Decimal | None, href: str | None = None) -> Cell:
    """How far from baseline to target, or nothing."""
    return Missing() if value is None else Share(value, href)


def _measured(kpis: Sequence[KpiFacts]) -> list[KpiFacts]:
    known = [kpi for kpi in kpis if kpi.attainment is not None]
    return sorted(known, key=lambda kpi: (-(kpi.attainment or Decimal(0)), kpi.code))


def _kpi_sentences(value: ValueFacts, links: Links, language: Language) -> list[Sentence]:
    if not value.kpis:
        return [sentence("no_kpis", language, {}, "note")]
    said = []
    ranked = _measured(value.kpis)
    if ranked:
        met = [kpi for kpi in ranked if (kpi.attainment or Decimal(0)) >= 1]
        source = f"{links.valuation}/v1/value-kpis"
        cells: dict[str, Cell | str] = {
            "met": Number(Decimal(len(met)), href=source),
            "measured": Number(Decimal(len(ranked)), href=source),
        }
        said.append(sentence("kpis_met", language, cells))
        said.append(_ranked_sentence("best_kpi", ranked[0], links, language))
        if len(ranked) > 1 and ranked[-1] not in met:
            said.append(_ranked_sentence("worst_kpi", ranked[-1], links, language))
    silent = [kpi for kpi in value.kpis if kpi.actual is None]
    if silent:
        count = Number(Decimal(len(silent)), href=f"{links.valuation}/v1/value-kpis")
        said.append(sentence("kpis_unmeasured", language, {"count": count}, "note"))
    return said


def _ranked_sentence(key: str, kpi: KpiFacts, links: Links, language: Language) -> Sentence:
    source = links.of_kpi(kpi.id, kpi.measured_in)
    attained = attainment_cell(kpi.attainment, source)
    return sentence(key, language, {"name": Text(kpi.name, source), "attainment": attained})


def expected_by_currency(initiatives: Sequence[InitiativeFacts]) -> dict[str, Decimal]:
    """Benefits promised in money, by currency; dis-benefits count against them."""
    sums: dict[str, list[Decimal]] = {}
    for initiative in initiatives:
        for benefit in initiative.benefits:
            if benefit.monetary_value is None or benefit.currency is None:
                continue
            value = benefit.monetary_value
            signed = -abs(value) if benefit.benefit_kind == "dis_benefit" else value
            sums.setdefault(benefit.currency, []).append(signed)
    return {currency: add_exactly(parts) for currency, parts in sorted(sums.items())}


def _by_currency(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, list[Decimal]] = {}
    for currency, amount in pairs:
        sums.setdefault(currency, []).append(amount)
    return {currency: add_exactly(parts) for currency, parts in sorted(sums.items())}


def _realised(initiatives: Sequence[InitiativeFacts]) -> dict[str, Decimal]:
    return _by_currency(pair for each in initiatives for pair in each.realised)


def _received(initiatives: Sequence[InitiativeFacts]) -> dict[str, Decimal]:
    return _by_currency(pair for each in initiatives for pair in each.received)


def _benefit_sentences(value: ValueFacts, links: Links, language: Language) -> list[Sentence]:
    """One sentence for each currency: benefits of two currencies are never added up."""
    expected = expected_by_currency(value.initiatives)
    realised = _realised(value.initiatives)
    source = f"{links.valuation}/v1/value-realisation"
    said = []
    for currency in sorted(expected.keys() | realised.keys()):
        promise = Money(expected.get(currency, Decimal(0)), currency, href=source)
        cells: dict[str, Cell | str] = {"expected": promise}
        if currency in realised:
            cells["realised"] = Money(realised[currency], currency, href=source)
        key = "benefit" if currency in realised else "benefit_expected_only"
        said.append(sentence(key, language, cells))
    for currency, amount in _received(value.initiatives).items():
        payments = Money(amount, currency, href=f"{links.valuation}/v1/initiatives")
        said.append(sentence("benefit_received", language, {"received": payments}))
    return said or [sentence("no_benefit", language, {}, "note")]


def _pictures(value: ValueFacts, period: str, language: Language) -> list[Picture]:
    return [attainment_picture(value, period, language)] if _measured(value.kpis) else []


def attainment_picture(value: ValueFacts, period: str, language: Language) -> Picture:
    """The KPIs with a target, best first, against the line of their target.

    Of many the best and the worst are drawn, and it is said that there are more.
    """
    ranked, half, subtitle = _measured(value.kpis), _MOST_BARS // 2, period
    if len(ranked) > _MOST_BARS:
        subtitle = word(
            "attainment_subtitle", language, period=period, count=len(ranked), shown=half
        )
        ranked = [*ranked[:half], *ranked[-half:]]
    items = []
    for kpi in ranked:
        attained = kpi.attainment or Decimal(0)
        text = percent_text(attained)
        if kpi.actual is not None and kpi.target is not None:
            now, goal = (
                with_unit(short_number(number), kpi.unit, language)
                for number in (kpi.actual, kpi.target)
            )
            text += f" · {now} / {goal}"
        items.append(Attainment(kpi.name, attained, text))
    title = word("kpi-attainment", language)
    return Picture("kpi-attainment", title, attainment_chart(items, subtitle, language), title)


def _kpi_table(value: ValueFacts, links: Links, language: Language) -> Table:
    keys = ("kpi", "code", "class", "baseline", "target", "actual", "measured_in", "attainment")
    numeric = {"baseline", "target", "actual"}
    columns = tuple(
        Column(
            key,
            label(key, language),
            "number" if key in numeric else "share" if key == "attainment" else "text",
            on_paper=key != "code",
        )
        for key in keys
    )
    rows: list[tuple[Cell, ...]] = []
    for kpi in sorted(value.kpis, key=lambda kpi: kpi.code):
        source = links.of_kpi(kpi.id, kpi.measured_in)
        rows.append(
            (
                Text(kpi.name, source),
                Text(kpi.code),
                Text(term("class", kpi.kpi_class, language)),
                number_cell(kpi.baseline, kpi.unit),
                number_cell(kpi.target, kpi.unit),
                number_cell(kpi.actual, kpi.unit, source),
                Text(kpi.measured_in) if kpi.measured_in else Missing(),
                attainment_cell(kpi.attainment, source),
            )
        )
    return Table("kpis", label("kpis", language), columns, tuple(rows))


def _initiative_table(value: ValueFacts, links: Links, language: Language) -> Table:
    """One line for each initiative and currency of its benefits."""
    columns = (
        Column("initiative", label("initiative", language)),
        Column("state", label("state", language)),
        Column("go_live_on", label("go_live_on", language), "date"),
        Column("currency", label("currency", language)),
        Column("expected", label("expected", language), "money"),
        Column("realised", label("realised", language), "money"),
        Column("received", label("received", language), "money"),
    )
    rows: list[tuple[Cell, ...]] = []
    for initiative in sorted(value.initiatives, key=lambda item: item.code):
        source = links.of_initiative(initiative.id)
        expected = expected_by_currency([initiative])
        realised, received = _realised([initiative]), _received([initiative])
        live = Day(initiative.go_live_on) if initiative.go_live_on else Missing()
        for currency in sorted(expected.keys() | realised.keys() | received.keys()) or [""]:
            rows.append(
                (
                    Text(initiative.name, source),
                    Text(term("state", initiative.state, language)),
                    live,
                    Text(currency) if currency else Missing(),
                    _benefit_cell(expected, currency, links, initiative, "value-expectations"),
                    _benefit_cell(realised, currency, links, initiative, ""),
                    _benefit_cell(received, currency, links, initiative, "cash-flows"),
                )
            )
    return Table("initiatives", label("initiatives", language), columns, tuple(rows))


def _benefit_cell(
    sums: dict[str, Decimal], currency: str, links: Links, initiative: InitiativeFacts, part: str
) -> Cell:
    if currency not in sums:
        return Missing()
    return Money(sums[currency], currency, href=links.of_initiative(initiative.id, part))


def _figure_tables(value: ValueFacts, links: Links, language: Language) -> list[Table]:
    """Evaluations by the name of the formula; a figure that cannot be told gives its reason."""
    columns = (
        Column("initiative", label("initiative", language)),
        Column("figure", label("figure", language)),
        Column("value", label("value_column", language), "number"),
        Column("remark", label("remark", language)),
    )
    rows: list[tuple[Cell, ...]] = []
    for initiative in sorted(value.initiatives, key=lambda item: item.code):
        source = links.of_initiative(initiative.id, "evaluation")
        for figure in initiative.figures:
            rows.append(
                (
                    Text(initiative.name, source),
                    Text(figure.name),
                    number_cell(figure.value, "", source),
                    Text(term("reason_of", figure.reason, language))
                    if figure.reason
                    else Missing(),
                )
            )
    return [Table("figures", label("figures", language), columns, tuple(rows))] if rows else []
