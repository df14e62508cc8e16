"""Proposes a profile for a file by the names of its columns and the look of their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.files.text.header import plain_name, words_apart
from services.ingest.imports.reading.columns import without_missing
from services.ingest.profiles.domain import (
    FIELDS_OF_KIND,
    INSTEAD_OF,
    LEDGER_KINDS,
    REQUIRED_OF_KIND,
    Profile,
    Sign,
)
from services.ingest.profiles.ledger_names import with_ledger_names
from services.ingest.profiles.ledger_parts import recognise_parts
from services.ingest.profiles.names import NAMES
from services.ingest.values.cost_types import cost_type_of
from services.ingest.values.currency_marks import currency_named
from services.ingest.values.dates import DateEvidence, is_zero_date, read_date, read_period
from services.ingest.values.decimals import NumberEvidence, NumberStyle, read_decimal
from services.ingest.values.fault import Fault
from services.ingest.values.fiscal import one_cell_fiscal_period
from services.ingest.values.total_labels import label_strength

_NUMBERS = frozenset(
    {
        "amount", "quantity", "rate", "reopen_count", "cost", "residual_value", "capacity", "kwh",
        "embodied_kgco2e", "value", "useful_life_months", "useful_life_years",
    }
)  # fmt: skip
_DATES = frozenset(
    {
        "posted_on", "opened_at", "resolved_at", "closed_at", "updated_at", "purchased_on", "at",
    }
)  # fmt: skip
MOST_OF_THEM = 0.6
FEW_EXAMPLES = 5


@dataclass(frozen=True)
class Proposal:
    """A proposed profile, how sure it is (0 to 1) in all and by field, and cells to look at."""

    profile: Profile
    confidence: float
    fields: Mapping[str, float]
    examples: Mapping[str, Sequence[str]]


def propose_profile(kind: str, detected: Detected, batch: RowBatch) -> Proposal:
    """The likeliest profile for a file of a kind, judged by its header and first rows."""
    chosen: dict[str, str] = {}
    sure: dict[str, float] = {}
    by_name = {
        **{plain_name(words_apart(name)): name for name in reversed(detected.columns)},
        **{plain_name(name): name for name in reversed(detected.columns)},
    }
    examples = {name: _examples(batch, name) for name in detected.columns}
    for field in FIELDS_OF_KIND[kind]:
        own = by_name.get(plain_name(field))
        names = [field, *NAMES.get(field, ())] if own else list(NAMES.get(field, ()))
        for place, name in enumerate(names):
            column = _column_called(name, by_name)
            if column is None or column in chosen.values():
                continue
            fit = _fit(field, examples[column])
            if fit < MOST_OF_THEM and plain_name(column) != plain_name(field):
                continue  # a column headed with the very name of the field is taken all the same
            chosen[field] = column
            sure[field] = round(fit * (1.0 if place == 0 else 0.9), 2)
            break
    # Columns headed with one of our own open names (tags.team) are taken as such.
    for column in detected.columns:
        if column.startswith(("tags.", "fields.", "attributes.")) and column not in chosen.values():
            chosen[column] = column
    sign: Sign = "as_is"
    if kind in LEDGER_KINDS:
        chosen = with_ledger_names(chosen, examples, _fits)
        parts = recognise_parts(chosen, examples)
        chosen, sign = dict(parts.columns), parts.sign
        sure = {name: sure.get(name, 0.9) for name in chosen}
    required = ("debit", "credit") if "debit" in chosen else _deciding(kind, chosen)
    confidence = min([sure.get(field, 0.0) for field in required] or [0.0])
    profile = Profile(
        kind=kind,
        columns=chosen,
        decimal=_decimal_style(detected, examples, chosen).decimal,
        encoding=_encoding(detected, examples),
        delimiter=detected.delimiter,
        # A header of two rows cannot be named by one; it is found again by its names.
        header_row=detected.header_row if detected.header_lines == 1 else None,
        date_format=_date_format(examples, chosen),
        sign=sign,
    )
    return Proposal(profile, round(min(confidence, detected.confidence), 2), sure, examples)


def mapping_by_name(kind: str, detected: Detected, batch: RowBatch) -> Profile:
    """The profile for an import without one: columns by their names, styles left to the survey."""
    proposed = propose_profile(kind, detected, batch).profile
    return Profile(kind=kind, columns=proposed.columns, sign=proposed.sign)


def _column_called(name: str, by_name: Mapping[str, str]) -> str | None:
    """The column of a name; exports of references have it as a pair of value and link."""
    for ending in ("", " display value", " value"):
        column = by_name.get(plain_name(name) + ending)
        if column is not None:
            return column
    return None


def _deciding(kind: str, chosen: Mapping[str, str]) -> list[str]:
    """The required fields, or what was chosen in their place."""
    instead = INSTEAD_OF.get(kind, {})
    return [
        next((other for other in (name, *instead.get(name, ())) if other in chosen), name)
        for name in REQUIRED_OF_KIND[kind]
    ]


def _examples(batch: RowBatch, column: str) -> list[str]:
    if column not in batch.cells.columns:
        return []
    texts = without_missing(batch.cells[column].head(2_000)).drop_nulls()
    return texts.unique(maintain_order=True).head(200).to_list()


def _fit(field: str, examples: Sequence[str]) -> float:
    """How well values fit a field: the share that can be read."""
    examples = [text for text in examples if label_strength(text) is None]
    if not examples:
        return MOST_OF_THEM
    if field in _NUMBERS:
        good = sum(1 for text in examples if _is_number(text))
    elif field in _DATES:
        good = sum(1 for text in examples if _is_date(text))
    elif field in {"currency", "from", "to"}:
        good = sum(1 for text in examples if currency_named(text))
    elif field == "cost_type":
        good = sum(1 for text in examples if cost_type_of(text))
    elif field == "period":
        good = sum(1 for text in examples if _is_period(text))
    else:
        return 1.0
    share = good / len(examples)
    # A handful of values proves little against a name, as long as one of them fits.
    return max(share, MOST_OF_THEM) if good and len(examples) < FEW_EXAMPLES else share


def _fits(field: str, examples: Sequence[str]) -> bool:
    return _fit(field, examples) >= MOST_OF_THEM


def _is_period(text: str) -> bool:
    found = read_period(text)
    known = not isinstance(found, Fault) or found.code == "ambiguous_date"
    return known or one_cell_fiscal_period(text) is not None


def _is_number(text: str) -> bool:
    found = read_decimal(text)
    return not isinstance(found, Fault) or found.code != "not_a_decimal"


def _is_date(text: str) -> bool:
    found = read_date(text)
    known = not isinstance(found, Fault) or found.code == "ambiguous_date"
    return known or is_zero_date(text)


def _encoding(detected: Detected, examples: Mapping[str, Sequence[str]]) -> str | None:
    """The encoding, unless all that was seen is ASCII: the rest of the file may be anything."""
    seen = (*detected.columns, *(text for texts in examples.values() for text in texts))
    plain = detected.encoding == "utf-8" and all(text.isascii() for text in seen)
    return None if plain else detected.encoding


def _decimal_style(
    detected: Detected, examples: Mapping[str, Sequence[str]], chosen: Mapping[str, str]
) -> NumberStyle:
    """The style that the numbers prove; what they do not prove is left to the whole file."""
    evidence = NumberEvidence()
    for field in _NUMBERS | {"debit", "credit"}:
        if field in chosen:
            evidence.add(examples[chosen[field]])
    if detected.typed or not evidence.decided:
        return NumberStyle()
    return evidence.style(detected.delimiter, typed=False)


def _date_format(examples: Mapping[str, Sequence[str]], chosen: Mapping[str, str]) -> str | None:
    """A strptime format, when all examples of the posting date agree on one of the common ones."""
    column = chosen.get("posted_on")
    if column is None or not examples[column]:
        return None
    texts = examples[column]
    evidence = DateEvidence()
    evidence.add(texts)
    order = evidence.order()
    for mark in "/-.":
        if all(text.count(mark) == 2 and text.replace(mark, "").isdigit() for text in texts):
            year = "%Y" if len(texts[0].split(mark)[-1]) == 4 else "%y"
            if len(texts[0].split(mark)[0]) == 4:
                return f"%Y{mark}%m{mark}%d"
            if order == "dmy":
                return f"%d{mark}%m{mark}{year}"
            if order == "mdy":
                return f"%m{mark}%d{mark}{year}"
    return None
