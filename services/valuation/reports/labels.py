"""Every label and sentence of the reports, in en and zh-CN, looked up by a stable key."""

import string
from collections.abc import Mapping

from services.valuation.charts.figures import Language
from services.valuation.reports.document import Cell, Sentence
from services.valuation.reports.sentences import SENTENCES
from services.valuation.reports.terms import TERMS


def label(key: str, language: Language, **values: object) -> str:
    """A label with its values put in; an unknown key is a fault of the program."""
    return TERMS[key][language].format(**values)


def term(group: str, code: str, language: Language) -> str:
    """The label of a coded value (`reason.no_driver`); the code itself when nobody named it yet."""
    entry = TERMS.get(f"{group}.{code}")
    return entry[language] if entry else code


def sentence(
    key: str, language: Language, cells: Mapping[str, Cell | str], kind: str = "statement"
) -> Sentence:
    """A sentence whose named gaps are filled with cells, each keeping its link."""
    parts: list[str | Cell] = []
    for words, name, _, _ in string.Formatter().parse(SENTENCES[key][language]):
        if words:
            parts.append(words)
        if name is not None:
            parts.append(cells[name])
    return Sentence(tuple(parts), kind)
