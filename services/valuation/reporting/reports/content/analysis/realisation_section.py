"""The chapter on promises of money: what came true, what came beyond, how far promises are off."""

from collections.abc import Sequence
from decimal import Decimal

from services.valuation.benefits.value_realisation.bias import LEAST, Bias
from services.valuation.benefits.value_realisation.domain import Realisation
from services.valuation.reporting.charts.figures import Language, share_of
from services.valuation.reporting.reports.content.analysis.facts import AnalysisFacts
from services.valuation.reporting.reports.content.analysis.tables import realisation_table
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Money,
    Number,
    Section,
    Sentence,
    Share,
)
from services.valuation.reporting.reports.wording.labels import label, sentence
from shared.money import add_exactly


def realisation_section(
    facts: AnalysisFacts, period: str, links: Links, language: Language
) -> Section:
    """What was promised in money and what approved reviews found of it."""
    kinds = [group.sums for group in facts.realised if group.by == "kind"]
    source = links.of_realisation(period)
    said: list[Sentence] = []
    for currency in sorted({sums.currency for sums in kinds}):
        same = [sums for sums in kinds if sums.currency == currency]
        said += _realised_sentences(same, currency, source, language)
    said = said or [sentence("realised_nothing", language, {}, "note")]
    if facts.bias is not None:
        said.append(_bias_sentence(facts.bias, links.of_realisation(period, "bias"), language))
    tables = (realisation_table(facts.realised, source, language),) if facts.realised else ()
    return Section("realisation", label("realisation", language), tuple(said), tables=tables)


def _realised_sentences(
    groups: Sequence[Realisation], currency: str, source: str, language: Language
) -> list[Sentence]:
    def sum_of(name: str) -> Decimal:
        return add_exactly([getattr(sums, name) for sums in groups])

    def money(name: str) -> Money:
        return Money(sum_of(name), currency, href=source)

    said = []
    rate = share_of(sum_of("realised"), sum_of("measured"))
    if rate is not None:
        cells: dict[str, Cell | str] = {
            name: money(name) for name in ("measured", "realised", "unmeasured")
        }
        said.append(sentence("realised_rate", language, {**cells, "rate": Share(rate, source)}))
    if sum_of("realised_extra"):
        said.append(sentence("realised_extra", language, {"extra": money("realised_extra")}))
    return said


def _bias_sentence(bias: Bias, source: str, language: Language) -> Sentence:
    """The median promise and how far eight in ten spread; a note where too few were measured."""
    count = Number(Decimal(bias.n), href=source)
    if bias.median is None or bias.p10 is None or bias.p90 is None:
        least = Number(Decimal(LEAST), href=source)
        return sentence("bias_unknown", language, {"count": count, "least": least}, "note")
    cells: dict[str, Cell | str] = {
        "count": count,
        "median": Share(bias.median, source),
        "low": Share(bias.p10, source),
        "high": Share(bias.p90, source),
    }
    return sentence("bias_known", language, cells)
