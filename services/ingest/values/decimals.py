"""Reads amounts and quantities exactly as written, never through binary floats."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from services.ingest.values.fault import Fault, fault
from services.ingest.values.missing import is_missing, trimmed
from shared.money import EXACT

INTEGER_DIGITS = 20
FRACTION_DIGITS = 18

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_EXPONENT = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE]([+-]?[0-9]{1,3})")
_SIGN_WORDS = re.compile(
    r"^(?:US|HK|NT|AU|CA|NZ|SG|A|C|R|S|Z)?\$|^(?:kr|CHF|Rs)\.?|(?:元|圆|円|zł|Kč|kr)$"
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-", "\ufe63": "-"})
_GROUPING_BLANKS = re.compile("[ \u00a0\u2009\u202f'\u2019](?=[0-9]{3}(?![0-9]))")


@dataclass(frozen=True)
class NumberStyle:
    """How a column writes numbers; None: nobody knows, so each text must speak for itself."""

    decimal: str | None = None
    thousands: str | None = None


@dataclass
class NumberEvidence:
    """What the texts of a column say about its separators; gathered batch by batch."""

    decimal_point: int = 0
    decimal_comma: int = 0
    open_point: int = 0
    open_comma: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, texts: Iterable[str]) -> None:
        """Take in some texts of the column."""
        for text in texts:
            body = _unsigned(trimmed(text))
            if body is None:
                continue
            match _reading_of(body[1]):
                case "point":
                    self.decimal_point += 1
                case "comma":
                    self.decimal_comma += 1
                case "open_point":
                    self.open_point += 1
                case "open_comma":
                    self.open_comma += 1
                    self.examples = [*self.examples[:4], text]

    @property
    def decided(self) -> bool:
        """Whether further texts could not change the style."""
        return bool(self.decimal_point or self.decimal_comma)

    def style(self, delimiter: str | None, *, typed: bool) -> NumberStyle:
        """The style of the column: by its own evidence, else by what the file's kind implies.

        Without evidence a typed or comma-separated file has decimal points. Otherwise three
        digits behind a single separator stay ambiguous.
        """
        if self.decimal_point and not self.decimal_comma:
            return NumberStyle(".", ",")
        if self.decimal_comma and not self.decimal_point:
            return NumberStyle(",", ".")
        if self.decimal_point or self.decimal_comma:
            return NumberStyle()
        if typed or delimiter in {",", None}:
            return NumberStyle(".", ",")
        return NumberStyle()


def read_decimal(text: str, style: NumberStyle | None = None) -> Decimal | Fault:
    """The exact number that a text writes.

    Takes thousands separators, decimal comma, currency signs, parentheses or a trailing minus
    for negative numbers, and exponents. The scale is kept as written. Faults: `not_a_decimal`,
    `too_many_digits`, `ambiguous_number`.
    """
    style = style or NumberStyle()
    signed = _unsigned(trimmed(text))
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


def canonical_text(number: Decimal) -> str:
    """One text for all ways to write the same number: 1.50 and 1.5 are 1.5."""
    text = decimal_text(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


def add_exactly(numbers: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    total = Decimal(0)
    for number in numbers:
        total = EXACT.add(total, number)
    return total


def _fits(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return False
    if number.is_zero():
        return True
    significant = len(digits) - (len(digits) - len("".join(map(str, digits)).rstrip("0")))
    fraction = max(0, -(exponent + len(digits) - significant))
    return number.adjusted() < INTEGER_DIGITS and fraction <= FRACTION_DIGITS


def _unsigned(text: str) -> tuple[bool, str] | None:
    """Split off the sign in all its forms and the currency sign. None: no digits at all."""
    if not text.isascii():
        text = text.translate(_FULL_WIDTH).translate(_MINUS)
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, trimmed(text[1:-1])
    for _ in range(2):  # the sign may stand before or behind the currency sign
        text = _without_currency_sign(text)
        if text.startswith(("-", "+")):
            if negative:
                return None
            negative, text = text[0] == "-", trimmed(text[1:])
        elif text.endswith("-"):
            if negative:
                return None
            negative, text = True, trimmed(text[:-1])
    return (negative, text) if any("0" <= letter <= "9" for letter in text) else None


def _without_currency_sign(text: str) -> str:
    if not text:
        return text
    if unicodedata.category(text[0]) == "Sc":
        return trimmed(text[1:])
    if unicodedata.category(text[-1]) == "Sc":
        return trimmed(text[:-1])
    return trimmed(_SIGN_WORDS.sub("", text))


def _reading_of(body: str) -> str | None:
    """What one text proves: `point`, `comma`, `open_...` (three digits follow), None (nothing)."""
    points, commas = body.count("."), body.count(",")
    if points and commas:
        return "point" if body.rfind(".") > body.rfind(",") else "comma"
    if points > 1:
        return "comma"  # 1.234.567: the point groups
    if commas > 1:
        return "point"
    if points == 1:
        return "open_point" if _groups(body, ".") else "point"
    if commas == 1:
        return "open_comma" if _groups(body, ",") else "comma"
    return None


def _groups(body: str, separator: str) -> bool:
    """Whether the separator stands where it groups thousands: 1,234 or 12,34,567."""
    head, *parts = body.split(separator)
    return (
        bool(parts)
        and 1 <= len(head) <= 3
        and head.isdigit()
        and (len(parts) == 0 or not (head.startswith("0")))
        and all(part.isdigit() and len(part) in {2, 3} for part in parts)
        and len(parts[-1]) == 3
    )


def _plain_form(body: str, style: NumberStyle) -> str | None:
    """Digits with at most one point; "" when the separator is ambiguous, None when no number."""
    if _EXPONENT.fullmatch(body):
        return body
    body = _GROUPING_BLANKS.sub("", body)
    decimal = _decimal_mark(body, style)
    if decimal == "":
        return ""
    thousands = "," if decimal == "." else "."
    whole, mark, fraction = body.rpartition(decimal) if decimal in body else (body, "", "")
    if thousands in fraction or decimal in whole:
        return None
    if thousands in whole:
        if not _groups(whole, thousands):
            return None
        whole = whole.replace(thousands, "")
    plain = whole + ("." if mark else "") + fraction
    return plain if _PLAIN.fullmatch(plain) else None


def _decimal_mark(body: str, style: NumberStyle) -> str:
    """The decimal mark that holds for this text: the style's, else what the text itself proves."""
    if style.decimal:
        return style.decimal
    if style.thousands:
        return "," if style.thousands == "." else "."
    match _reading_of(body):
        case "comma":
            return ","
        case "open_comma" | "open_point":
            return ""
        case _:
            return "."


def is_missing_number(text: str | None) -> bool:
    """Whether a cell holds no number on purpose: missing words, or a lone dash as banks print."""
    return is_missing(text) or (text is not None and trimmed(text) in {"-", "\u2013", "\u2014"})
