"""Reads amounts and quantities exactly as written, never through binary floats."""

import re
from decimal import Decimal

from services.ingest.values.fault import Fault, fault
from services.ingest.values.missing import is_missing, trimmed
from services.ingest.values.number_style import (
    NumberEvidence,
    NumberStyle,
    groups_digits,
    proof_of,
)
from services.ingest.values.signs import signed_body

__all__ = ["NumberEvidence", "NumberStyle", "read_decimal"]

INTEGER_DIGITS = 20
FRACTION_DIGITS = 18

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_EXPONENT = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE]([+-]?[0-9]{1,3})")
_BLANKS = " \u00a0\u2007\u2009\u202f"
_APOSTROPHES = "'\u2019\u02bc`\u00b4"
# Groups of three digits with one and the same mark between them: 1 234 567,89 or 1'234.50.
_GROUPED = {
    marks: re.compile(
        rf"[0-9]{{1,3}}(?P<mark>[{marks}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*(?:[.,][0-9]*)?"
    )
    for marks in (_BLANKS, _APOSTROPHES, _BLANKS + _APOSTROPHES)
}


def read_decimal(text: str, style: NumberStyle | None = None) -> Decimal | Fault:
    """The exact number that a text writes.

    Takes thousands separators, decimal comma, currency signs, parentheses or a trailing minus
    for negative numbers, and exponents. The scale is kept as written. Faults: `not_a_decimal`,
    `too_many_digits`, `ambiguous_number`.
    """
    style = style or NumberStyle()
    signed = signed_body(trimmed(text))
    if signed is None:
        return fault("not_a_decimal", text)
    negative, body = signed
    plain = _plain_form(body, style)
    if plain is None:
        return fault("not_a_decimal", text)
    if plain == "":
        return fault("ambiguous_number", text)
    number = Decimal(plain)
    if not _fits(number):
        return fault("too_many_digits", text)
    return number.copy_negate() if negative and number else number.copy_abs()


def decimal_text(number: Decimal) -> str:
    """A number for the database and the wire: no exponent, no plus, minus zero is zero."""
    if number.is_zero():
        number = number.copy_abs()
    return format(number, "f")


def _fits(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return False
    if number.is_zero():
        return True
    significant = len(digits) - (len(digits) - len("".join(map(str, digits)).rstrip("0")))
    fraction = max(0, -(exponent + len(digits) - significant))
    return number.adjusted() < INTEGER_DIGITS and fraction <= FRACTION_DIGITS


def _plain_form(body: str, style: NumberStyle) -> str | None:
    """Digits with at most one point; "" when the separator is ambiguous, None when no number."""
    if _EXPONENT.fullmatch(body):
        # Sheets write exponents with points; where points group digits they have no place.
        return None if style.decimal == "," and "." in body else body
    body = _without_blank_groups(body, style)
    decimal = _decimal_mark(body, style)
    if decimal == "":
        return ""
    thousands = "," if decimal == "." else "."
    whole, mark, fraction = body.rpartition(decimal) if decimal in body else (body, "", "")
    if thousands in fraction or decimal in whole:
        return None
    if thousands in whole:
        if style.thousands not in {None, thousands} or not groups_digits(whole, thousands):
            return None
        whole = whole.replace(thousands, "")
    plain = whole + ("." if mark else "") + fraction
    return plain if _PLAIN.fullmatch(plain) else None


def _without_blank_groups(body: str, style: NumberStyle) -> str:
    """Without blanks or apostrophes between groups of three digits, unless the style forbids it."""
    if style.thousands is None:
        marks = _BLANKS + _APOSTROPHES
    elif style.thousands and style.thousands in _BLANKS:
        marks = _BLANKS
    elif style.thousands and style.thousands in _APOSTROPHES:
        marks = _APOSTROPHES
    else:
        return body
    found = _GROUPED[marks].fullmatch(body)
    return body.replace(found["mark"], "") if found else body


def _decimal_mark(body: str, style: NumberStyle) -> str:
    """The decimal mark that holds for this text: the style's, else what the text itself proves."""
    if style.decimal:
        return style.decimal
    if style.thousands in {",", "."}:
        return "," if style.thousands == "." else "."
    proof = proof_of(body)
    if proof == "comma":
        return ","
    if proof in {"open_comma", "open_point"}:
        if style.thousands is None:
            return ""
        return "," if proof == "open_comma" else "."  # commas and points never group here
    return "."


def is_missing_number(text: str | None) -> bool:
    """Whether a cell holds no number on purpose: missing words, or a lone dash as banks print."""
    return is_missing(text) or (text is not None and trimmed(text) in {"-", "\u2013", "\u2014"})
