"""The words of units that are known, in the spellings that people use for them."""

from collections.abc import Mapping

from shared.currencies import is_currency

ANY_MONEY = "money"
PERCENT, FRACTION, COUNT, MONTH = "%", "ratio", "count", "month"
PURE = (PERCENT, FRACTION, COUNT)
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    ANY_MONEY: ("money", "currency", "货币", "金额", "$", "¥", "￥"),
    "CNY": ("元", "人民币", "人民币元", "rmb", "yuan", "cny"),
    "EUR": ("€", "euro", "euros", "eur", "欧元"),
    "GBP": ("£", "gbp", "英镑"),
    "USD": ("us$", "usd", "美元"),
    "千元": ("千元", "千元人民币"),
    "万元": ("万元", "万人民币", "万元人民币"),
    "百万元": ("百万元", "百万元人民币"),
    "亿元": ("亿元", "亿人民币", "亿元人民币"),
    "ms": ("ms", "millisecond", "milliseconds", "毫秒"),
    "s": ("s", "sec", "second", "seconds", "秒"),
    "min": ("min", "mins", "minute", "minutes", "分钟"),
    "h": ("h", "hr", "hrs", "hour", "hours", "小时", "时"),
    "d": ("d", "day", "days", "天", "日"),
    "week": ("week", "weeks", "周"),
    MONTH: ("month", "months", "mo", "月", "个月"),
    "year": ("year", "years", "yr", "a", "年"),
    PERCENT: ("%", "percent", "pt", "pp", "point", "points", "百分点", "百分比", "分"),
    FRACTION: ("ratio", "share", "fraction", "比率", "比例", "比", "率"),
    COUNT: ("count", "number", "个", "数量", "1"),
}
_WORDS = {spelling: word for word, spellings in _SPELLINGS.items() for spelling in spellings}
_SCALED_MONEY = ("千元", "万元", "百万元", "亿元")
TIMES = ("ms", "s", "min", "h", "d", "week", MONTH, "year")


def word_of(part: str) -> str:
    """The one word for a part of a unit; unknown ones stand for themselves, in the singular."""
    if is_currency(part):
        return part
    folded = part.casefold()
    if folded in _WORDS:
        return _WORDS[folded]
    if len(folded) > 3 and folded.isascii() and folded.endswith("s") and folded[-2] != "s":
        return folded[:-1]
    return folded


def is_money(word: str) -> bool:
    """Whether a word of a unit is a currency, or money of any."""
    return word == ANY_MONEY or word in _SCALED_MONEY or is_currency(word)
