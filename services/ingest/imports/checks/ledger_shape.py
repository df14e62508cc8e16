"""What rows of a ledger have in common, and which rows have the words and the look of a total."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from services.ingest.profiles.domain import FlagSign, Profile, folded
from services.ingest.values.missing import BLANKS, is_missing
from services.ingest.values.total_labels import HINT, LabelStrength, label_strength

# A column that so many of the first rows fill is one that a line has and a total lacks.
_USUAL_SHARE = 0.8
_ROWS_LOOKED_AT, _CELLS_LOOKED_AT = 2_000, 50_000
_AMOUNTS = frozenset({"amount", "debit", "credit"})
#: What lists of SAP put before a total in place of words.
_MARKS = "*\u03a3\u2211"
_DATES = frozenset({"posted_on", "period", "fiscal_year", "fiscal_period"})
#: Fields whose cells may hold the head of a total in a row that lacks nothing else.
_LABELLED = frozenset({"account", "cost_center", "description", "document"})


@dataclass(frozen=True)
class Shape:
    """What the rows of this file have in common, told from its first rows."""

    dates: frozenset[str]
    keys: frozenset[str]
    vendor: str | None
    amounts: frozenset[str]
    currencies: frozenset[str]
    labelled: frozenset[str]


def shape_of(profile: Profile, cells: pl.DataFrame) -> Shape:
    """Which columns hold dates, keys and amounts in nearly all of the first rows."""
    by_name = {folded(name): name for name in cells.columns}

    def columns_of(fields: frozenset[str]) -> frozenset[str]:
        wanted = {folded(profile.columns[field]) for field in fields & profile.columns.keys()}
        return frozenset(by_name[name] for name in wanted if name in by_name)

    amounts, dates = columns_of(_AMOUNTS), columns_of(_DATES)
    currencies = columns_of(frozenset({"currency"}))
    head = cells.head(min(_ROWS_LOOKED_AT, max(20, _CELLS_LOOKED_AT // max(1, cells.width))))
    plain_rows = [
        row
        for row in head.iter_rows(named=True)
        if any(not is_missing(text) for name, text in row.items() if name in amounts)
        and any(
            not is_missing(text) and not _is_mark(text)
            for name, text in row.items()
            if name not in amounts | currencies
        )
        and not any(text and label_strength(text) for text in row.values())
    ]
    usual = {
        name
        for name in cells.columns
        if sum(1 for row in plain_rows if not is_missing(row[name]))
        >= _USUAL_SHARE * max(1, len(plain_rows))
    }
    aside = amounts | currencies | dates
    if isinstance(profile.sign, FlagSign):
        aside |= {by_name.get(folded(profile.sign.flag_column), "")}
    first = frozenset(cells.columns[:1]) - amounts - dates
    return Shape(
        dates=frozenset(dates & usual),
        keys=frozenset(usual - aside),
        vendor=next(iter(columns_of(frozenset({"vendor"}))), None),
        amounts=amounts,
        currencies=currencies,
        labelled=columns_of(_LABELLED) | first,
    )


def suspects_among(shape: Shape, cells: pl.DataFrame) -> list[int]:
    """The places of rows with the words of a total, or with nothing but an amount in a currency.

    Where lines have dates or keys, only rows that lack one of them are looked at.
    """
    usual = [*shape.dates, *shape.keys]
    lacking = [pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "") for name in usual]
    headed = [] if shape.dates else [pl.col(name).str.contains(HINT) for name in shape.labelled]
    if not lacking and not headed:
        return []
    chosen = cells.select(
        pl.any_horizontal(*lacking, *headed).fill_null(value=False).alias("chosen")
    )["chosen"]
    places = chosen.arg_true()
    told = shape.amounts | shape.currencies
    texts = [pl.col(name).fill_null("") for name in cells.columns if name not in told]
    if not len(places) or not texts:
        return []
    nothing = pl.concat_str(texts).str.strip_chars(BLANKS + _MARKS) == ""
    worded = [text.str.contains(HINT) for text in texts]
    worth = cells[places].select(pl.any_horizontal(nothing, *worded).alias("worth"))["worth"]
    return list(places.filter(worth))


def label_of(
    shape: Shape, cells: Mapping[str, str | None]
) -> tuple[str, str | None, LabelStrength | None]:
    """The cell that heads the row as a total: its text, its column, how sure that is."""
    best: tuple[str, str | None, LabelStrength | None] = ("", None, None)
    order = {"sure": 0, "whole": 1, "part": 2, None: 3}
    for name, text in cells.items():
        if name in shape.amounts or text is None or is_missing(text):
            continue
        strength = label_strength(text)
        if order[strength] < order[best[2]]:
            best = (text.strip(), name, strength)
    return best


def could_be_total(shape: Shape, cells: Mapping[str, str | None]) -> bool:
    """Whether the row would be a total if its amount were what the rows above add up to."""
    _, column, strength = label_of(shape, cells)
    return is_total(shape, cells, strength, column, foots=True)


def _is_mark(text: str | None) -> bool:
    return not is_missing(text) and not (text or "").strip(BLANKS + _MARKS)


def is_total(
    shape: Shape,
    cells: Mapping[str, str | None],
    strength: LabelStrength | None,
    column: str | None,
    *,
    foots: bool,
) -> bool:
    """Words and structure together; a row with its own date and keys is a line."""
    blank = {name for name, text in cells.items() if is_missing(text)}
    if strength is None:
        marked = {name for name, text in cells.items() if _is_mark(text)}
        silent = blank | marked >= set(cells) - shape.amounts - shape.currencies
        return silent and bool(shape.dates or shape.keys) and (foots or bool(marked))
    keys = shape.keys - {column}
    lacking = len(keys & blank)
    mostly_lacking = bool(keys) and 2 * lacking >= len(keys)
    dates = shape.dates - {column}
    undated = bool(shape.dates) and dates <= blank
    if undated:
        return mostly_lacking or (strength != "part" and (lacking > 0 or not keys)) or foots
    if strength == "part":
        return not shape.dates and (mostly_lacking or (not keys and foots))
    if shape.dates:
        # Chinese books date their monthly totals; what they lack is the number of the voucher.
        certain = foots or strength == "sure" or mostly_lacking
        return lacking > 0 and column != shape.vendor and certain
    return mostly_lacking or foots
