"""How numbers are written for people: exact money, short money, shares, in en and zh-CN."""

from decimal import Decimal
from typing import Literal

from shared.currencies import MINOR_DIGITS
from shared.money import EXACT, plain

Language = Literal["en", "zh-CN"]

_STEPS: dict[Language, tuple[tuple[Decimal, str], ...]] = {
    "en": ((Decimal("1e9"), "B"), (Decimal("1e6"), "M"), (Decimal("1e3"), "K")),
    "zh-CN": ((Decimal("1e8"), "亿"), (Decimal("1e4"), "万")),
}
_MOST_SHORT_DIGITS = 6
_CURRENCY_WORD = {"CNY": "元"}


def minor_digits(currency: str) -> int:
    """Digits of a currency's smallest coin; two for what is no currency of ISO 4217."""
    return MINOR_DIGITS.get(currency, 2)


def shown_digits(largest: Decimal, currency: str) -> int:
    """Digits to show in a column: the coin's own, more where all amounts are tiny (cloud bills)."""
    digits = minor_digits(currency)
    if largest == 0 or abs(largest) >= 1000:
        return digits
    return digits + 2 if abs(largest) >= 1 else digits + 6


def share_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """Part of a whole as a fraction with nine digits; None when there is no whole."""
    if whole == 0:
        return None
    return EXACT.divide(part, whole).quantize(Decimal("1e-9"), context=EXACT)


def grouped(value: Decimal, digits: int) -> str:
    """Rounded half even to so many digits, thousands grouped."""
    rounded = value.quantize(Decimal(1).scaleb(-digits), context=EXACT)
    return f"{abs(rounded) if rounded == 0 else rounded:,f}"


def money_text(
    amount: Decimal, currency: str, language: Language, digits: int | None = None
) -> str:
    """`GBP 1,234.50`, in Chinese `1,234.50 元`; other currencies keep their ISO code."""
    number = grouped(amount, minor_digits(currency) if digits is None else digits)
    if language == "en":
        return f"{currency} {number}"
    return f"{number} {_CURRENCY_WORD.get(currency, currency)}"


def short_money(amount: Decimal, currency: str, language: Language) -> str:
    """Three figures are enough beside a picture: `GBP 1.23M`, `123.4万元`."""
    number, step = _short_number(amount, currency, language)
    if language == "en":
        return f"{currency} {number}{step}"
    word = _CURRENCY_WORD.get(currency)
    return f"{number}{step}{word}" if word else f"{number}{step} {currency}"


def _short_number(amount: Decimal, currency: str, language: Language) -> tuple[str, str]:
    for size, step in _STEPS[language]:
        # 999.96K reads as 1,000K; from there on the next larger step says it better.
        if abs(amount) >= size * Decimal("0.99995"):
            scaled = EXACT.divide(amount, size)
            return grouped(scaled, 2 if abs(scaled) < 10 else 1), step
    if abs(amount) >= 1 or amount == 0:
        return grouped(amount, min(2, minor_digits(currency))), ""
    return grouped(amount, 4), ""


def short_number(value: Decimal) -> str:
    """A figure as it stands beside a bar: grouped, without digits that nobody reads there."""
    digits = 0 if abs(value) >= 1000 else 2 if abs(value) >= 1 else _MOST_SHORT_DIGITS
    text = grouped(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(share: Decimal | None, digits: int = 1) -> str:
    """A fraction as per cent; what is there but too small to show reads `<0.1%`."""
    if share is None:
        return "–"
    smallest = Decimal(1).scaleb(-digits)
    percent = share * 100
    if percent != 0 and abs(percent) < smallest:
        return f"<{plain(smallest)}%" if percent > 0 else f">-{plain(smallest)}%"
    return f"{grouped(percent, digits)}%"
