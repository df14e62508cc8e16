"""The marks of currencies that exports write around amounts, and what currencies they can mean."""

import re
import unicodedata
from collections.abc import Mapping

from services.ingest.values.missing import trimmed
from shared.currencies import is_currency

_DOLLARS = (
    "USD AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD XCD"
    " MXN ARS CLP COP UYU"
)
_CURRENCIES_OF: Mapping[str, frozenset[str]] = {
    mark: frozenset(codes.split())
    for mark, codes in {
        "$": _DOLLARS,
        "US$": "USD",
        "HK$": "HKD",
        "NT$": "TWD",
        "AU$": "AUD",
        "A$": "AUD",
        "CA$": "CAD",
        "C$": "CAD NIO",
        "NZ$": "NZD",
        "S$": "SGD",
        "R$": "BRL",
        "Z$": "ZWL",
        "£": "GBP FKP GIP SHP EGP LBP SDG SSP SYP",
        "€": "EUR",
        "¥": "JPY CNY",
        "₹": "INR",
        "₽": "RUB",
        "₩": "KRW KPW",
        "₺": "TRY",
        "₫": "VND",
        "₪": "ILS",
        "₴": "UAH",
        "元": "CNY TWD HKD MOP",
        "圆": "CNY",
        "圓": "TWD HKD CNY",
        "円": "JPY",
        "人民币": "CNY",
        "美元": "USD",
        "欧元": "EUR",
        "英镑": "GBP",
        "港币": "HKD",
        "港元": "HKD",
        "日元": "JPY",
        "rmb": "CNY",
        "cn¥": "CNY",
        "zł": "PLN",
        "kč": "CZK",
        "ft": "HUF",
        "kr": "SEK NOK DKK ISK",
        "fr": "CHF XAF XOF",
        "sfr": "CHF",
        "rs": "INR PKR LKR NPR MUR SCR",
        "lei": "RON MDL",
        "руб": "RUB BYN",
        "р": "RUB BYN",
        "euro": "EUR",
        "euros": "EUR",
    }.items()
}
_WORD = r"[A-Za-z]{0,3}\$|[A-Za-z]{2,5}|人民币|[元圆圓円]|zł|[Kk]č|руб|р|CN¥"
_BEFORE = re.compile(rf"(?:{_WORD})\.?(?=[\s\d.,'(+-])")
_BEHIND = re.compile(rf"(?<=[\s\d.,)+-])(?:{_WORD})\.?")


def without_currency(text: str) -> tuple[str, str | None]:
    """The text without one mark of a currency at either end, trimmed, and that mark, if any."""
    if not text:
        return text, None
    for sign, rest in ((text[0], text[1:]), (text[-1], text[:-1])):
        if unicodedata.category(sign) == "Sc" and not text.startswith(sign + "$"):
            return trimmed(rest), sign
    for found in (_BEFORE.match(text), _at_end(text)):
        if found is not None and currencies_of(found[0]):
            rest = text[found.end() :] if found.start() == 0 else text[: found.start()]
            return trimmed(rest), found[0]
    return text, None


def _at_end(text: str) -> "re.Match[str] | None":
    found = None
    for start in range(max(0, len(text) - 6), len(text)):
        found = _BEHIND.fullmatch(text, start)
        if found is not None:
            return found
    return found


def currencies_of(mark: str) -> frozenset[str]:
    """The codes of ISO 4217 that a mark can stand for; empty where it is no known mark."""
    plain = mark.rstrip(".")
    if len(plain) == 3 and is_currency(plain.upper()):
        return frozenset({plain.upper()})
    known = _CURRENCIES_OF.get(plain) or _CURRENCIES_OF.get(plain.lower())
    return known or _CURRENCIES_OF.get(plain.upper(), frozenset())


def currency_named(text: str) -> str | None:
    """The code of ISO 4217 that a cell of currencies means: `eur`, `€`, `RMB`, `人民币`.

    None for what means none or may mean several (`$`).
    """
    code = text.upper()
    if is_currency(code):
        return code
    meant = currencies_of(text)
    return next(iter(meant)) if len(meant) == 1 else None


def stated_currencies(text: str) -> frozenset[str] | None:
    """The currencies that an amount's own text allows; None where it says nothing of them.

    `$5` allows all dollars, `5 EUR` one currency, and `US$ 5 EUR` none.
    """
    rest = trimmed(text).strip("()+-\u2212").strip().replace("\uffe5", "¥").replace("\uff04", "$")
    allowed: frozenset[str] | None = None
    for _ in range(2):
        rest, mark = without_currency(rest)
        if mark is None:
            break
        found = currencies_of(mark)
        if found:  # signs that are not in the list say nothing
            allowed = found if allowed is None else allowed & found
    return allowed
