"""Post-implementation reviews in sentences and tables."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.inputs import ReviewFacts, ValueFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Day,
    Missing,
    Number,
    Sentence,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence, term

_MOST_SENTENCES = 6


def review_sentences(value: ValueFacts, links: Links, language: Language) -> list[Sentence]:
    """How many reviews there are and in which state, then the results that are on record."""
    if not value.reviews:
        return [sentence("no_reviews", language, {}, "note")]
    source = f"{links.valuation}/v1/post-implementation-reviews"
    approved = sum(review.state == "approved" for review in value.reviews)
    overdue = sum(review.overdue for review in value.reviews)
    counts = {
        "count": len(value.reviews),
        "approved": approved,
        "open": len(value.reviews) - approved,
        "overdue": overdue,
    }
    cells: dict[str, Cell | str] = {
        key: Number(Decimal(count), href=source) for key, count in counts.items()
    }
    said = [
        sentence("reviews_state", language, cells, "warning" if overdue else "statement"),
    ]
    return said + _result_sentences(value, links, language)


def _result_sentences(value: ValueFacts, links: Links, language: Language) -> list[Sentence]:
    """The newest reviews first: what an older one of an initiative found is out of date."""
    said = []
    for review in sorted(_sorted(value), key=lambda review: review.due_on, reverse=True):
        for result in review.results:
            if result.actual is None or result.target is None or result.attainment is None:
                continue
            source = links.of_review(review.id)
            cells: dict[str, Cell | str] = {
                "initiative": Text(review.initiative, source),
                "kpi": Text(result.kpi),
                "target": Number(result.target, result.unit, href=source),
                "actual": Number(result.actual, result.unit, href=source),
                "attainment": Share(result.attainment, source),
            }
            said.append(sentence("review_result", language, cells))
    return said[:_MOST_SENTENCES]


def review_tables(value: ValueFacts, links: Links, language: Language) -> list[Table]:
    """The list of reviews and, where they have any, their results."""
    if not value.reviews:
        return []
    tables = [_list_table(value, links, language)]
    if any(review.results for review in value.reviews):
        tables.append(_result_table(value, links, language))
    return tables


def _sorted(value: ValueFacts) -> list[ReviewFacts]:
    return sorted(value.reviews, key=lambda review: (review.due_on, review.initiative, review.id))


def _list_table(value: ValueFacts, links: Links, language: Language) -> Table:
    columns = (
        Column("initiative", label("initiative", language)),
        Column("due_on", label("due_on", language), "date"),
        Column("state", label("state", language)),
        Column("remark", label("remark", language)),
    )
    rows: list[tuple[Cell, ...]] = []
    for review in _sorted(value):
        state = term("state", review.state, language)
        if review.overdue:
            state += f" · {term('state', 'overdue', language)}"
        remark = Text(review.lessons) if review.lessons else Missing()
        name = Text(review.initiative, links.of_review(review.id))
        rows.append((name, Day(review.due_on), Text(state), remark))
    return Table("review_list", label("review_list", language), columns, tuple(rows))


def _result_table(value: ValueFacts, links: Links, language: Language) -> Table:
    keys = ("initiative", "kpi", "level", "baseline", "target", "actual", "attainment", "verdict")
    kinds = {"baseline": "number", "target": "number", "actual": "number", "attainment": "share"}
    columns = tuple(Column(key, label(key, language), kinds.get(key, "text")) for key in keys)
    rows: list[tuple[Cell, ...]] = []
    for review in _sorted(value):
        source = links.of_review(review.id)
        for result in review.results:
            rows.append(
                (
                    Text(review.initiative, source),
                    Text(result.kpi),
                    Text(term("level", result.level, language)),
                    *(
                        Missing() if number is None else Number(number, result.unit, href=source)
                        for number in (result.baseline, result.target, result.actual)
                    ),
                    Missing() if result.attainment is None else Share(result.attainment, source),
                    Text(term("verdict", result.verdict, language))
                    if result.verdict
                    else Missing(),
                )
            )
    return Table("review_results", label("review_results", language), columns, tuple(rows))
