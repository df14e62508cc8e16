"""Splits an amount into its sign, in all the forms that exports give it, and its digits."""

import re

from services.ingest.values.currency_marks import without_currency
from services.ingest.values.missing import trimmed

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0xFFE5: "¥", 0xFFE1: "£"}
_MINUS = str.maketrans(dict.fromkeys("\u2212\u2013\u2010\u2011\ufe63", "-"))
#: Spreadsheets are told that a cell is text by a quote before it, or by a formula around it.
_TEXT_FORMULA = re.compile(r'="(.*)"')
# Bookkeepers' words behind an amount: a credit counts against the debits.
_DEBIT_OR_CREDIT = re.compile(r"(?<=[\d)\s])(?P<side>[CD]R)\.?", re.IGNORECASE)


def signed_body(text: str) -> tuple[bool, str] | None:
    """Whether the amount is negative, and its digits with their separators.

    None where there are no digits, or where the sign is given twice, as in `-(5)` and `-5 CR`.
    """
    if not text.isascii():
        text = text.translate(_FULL_WIDTH).translate(_MINUS)
    text = _as_number_text(text)
    negative: bool | None = None
    while True:
        sign, rest = _without_sign(text)
        if sign is None:
            rest, mark = without_currency(text)
            if mark is None:
                break
        elif negative is not None:
            return None
        else:
            negative = sign == "-"
        text = rest
    return (bool(negative), text) if any("0" <= letter <= "9" for letter in text) else None


def _as_number_text(text: str) -> str:
    found = _TEXT_FORMULA.fullmatch(text)
    if found:
        return trimmed(found[1])
    return trimmed(text[1:]) if text.startswith("'") else text


def _without_sign(text: str) -> tuple[str | None, str]:
    """One sign less: `-` or `+`, and the rest; parentheses and CR are minus signs."""
    if len(text) > 2 and text[0] == "(" and text[-1] == ")":
        return "-", trimmed(text[1:-1])
    if text[:1] in {"-", "+"}:
        return text[0], trimmed(text[1:])
    if text[-1:] in {"-", "+"}:
        return text[-1], trimmed(text[:-1])
    found = _DEBIT_OR_CREDIT.search(text, max(0, len(text) - 3))
    if found and found.end() == len(text):
        return ("-" if found["side"].upper() == "CR" else "+"), trimmed(text[: found.start()])
    return None, text
