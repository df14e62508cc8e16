"""Compares the currency that an amount's own text states with the currency of its row."""

import polars as pl

from services.ingest.imports.reading.batch import Reading
from services.ingest.imports.reading.columns import read_texts
from services.ingest.values.currency_marks import stated_currencies
from services.ingest.values.fault import Fault, fault

_MARKED = r"[\p{L}\p{Sc}]"
_SEPARATOR = "\x1f"


def refuse_other_currencies(reading: Reading, currency: pl.Series) -> None:
    """Note the rows whose amount is marked with a currency that is not the row's.

    `$` agrees with every dollar; `USD 5` in a row of EUR is `currency_differs`.
    """
    for name in ("amount", "debit", "credit"):
        if reading.source(name) is not None:
            _refuse_other_currencies(reading, name, currency)


def _refuse_other_currencies(reading: Reading, name: str, currency: pl.Series) -> None:
    texts = reading.texts(name)
    marked = texts.str.contains(_MARKED).fill_null(value=False) & currency.is_not_null()
    if not marked.any():
        return
    pairs = (currency + _SEPARATOR + texts).set(~marked, None)
    found = read_texts(pairs, _fault_of)
    reading.fail(name, found.codes, texts)


def _fault_of(pair: str) -> Fault | None:
    currency, _, text = pair.partition(_SEPARATOR)
    allowed = stated_currencies(text)
    agrees = allowed is None or currency in allowed
    return None if agrees else fault("currency_differs", text)
