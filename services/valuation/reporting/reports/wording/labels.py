"""Every label and sentence of the reports, in en and zh-CN, looked up by a stable key."""

import string
from collections.abc import Mapping

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.document import Cell, Sentence
from services.valuation.reporting.reports.wording import (
    analysis_words,
    bill_words,
    carbon_words,
    compliance_words,
    quality_words,
    sentences,
    terms,
)

Words = dict[str, dict[Language, str]]
ALL_TERMS: Words = {
    **terms.TERMS,
    **bill_words.TERMS,
    **analysis_words.TERMS,
    **quality_words.TERMS,
    **carbon_words.TERMS,
    **compliance_words.TERMS,
}
ALL_SENTENCES: Words = {
    **sentences.SENTENCES,
    **bill_words.SENTENCES,
    **analysis_words.SENTENCES,
    **quality_words.SENTENCES,
    **carbon_words.SENTENCES,
    **compliance_words.SENTENCES,
}


def label(key: str, language: Language, **values: object) -> str:
    """A label with its values put in; an unknown key is a fault of the program."""
    return ALL_TERMS[key][language].format(**values)


def term(group: str, code: str, language: Language) -> str:
    """The label of a coded value (`reason.no_driver`); the code itself when nobody named it yet."""
    entry = ALL_TERMS.get(f"{group}.{code}")
    return entry[language] if entry else code


def sentence(
    key: str, language: Language, cells: Mapping[str, Cell | str], kind: str = "statement"
) -> Sentence:
    """A sentence whose named gaps are filled with cells, each keeping its link."""
    parts: list[str | Cell] = []
    for words, name, _, _ in string.Formatter().parse(ALL_SENTENCES[key][language]):
        if words:
            parts.append(words)
        if name is not None:
            parts.append(cells[name])
    return Sentence(tuple(parts), kind)
