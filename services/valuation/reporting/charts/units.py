"""How a KPI's unit reads for people, in en and zh-CN: `CNY/order` is 元/单, `次/年` times/year."""

import re

from services.valuation.reporting.charts.figures import Language

_BARE = frozenset({"count", "number", "ratio", "share", "fraction", "money", "1"})
_PAIRS = {
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "ms": "毫秒",
    "s": "秒",
    "min": "分钟",
    "h": "小时",
    "d": "天",
    "week": "周",
    "month": "月",
    "year": "年",
    "points": "百分点",
    "pt": "分",
    "score": "分",
    "times": "次",
    "session": "次",
    "turn": "次",
    "turns": "次",
    "person": "人",
    "people": "人",
    "user": "人",
    "customer": "位客户",
    "order": "单",
    "store": "家门店",
    "piece": "件",
    "ticket": "张工单",
    "core-h": "核小时",
}
_AFTER_A_STROKE = {"customer": "客户", "store": "门店", "ticket": "工单"}
_ENGLISH = {chinese: english for english, chinese in _PAIRS.items()} | {
    "次": "times",
    "分": "points",
    "人": "people",
    "个月": "months",
}
_SEVERAL = {
    "customer": "customers",
    "order": "orders",
    "store": "stores",
    "piece": "pieces",
    "session": "sessions",
    "ticket": "tickets",
    "user": "users",
    "person": "people",
    "score": "points",
    "pt": "points",
}
_SIGNS = re.compile(r"\s*([/*·×])\s*")


def unit_words(unit: str, language: Language) -> str:
    """The unit in the reader's language; nothing for a count or a ratio, unknown words stay."""
    if unit in _BARE:
        return ""
    if language == "en" and unit in _SEVERAL:
        return _SEVERAL[unit]
    parts = _SIGNS.split(unit)
    for place in range(0, len(parts), 2):
        parts[place] = _word(parts[place], language, place > 0)
    return "".join(parts)


def with_unit(number: str, unit: str, language: Language) -> str:
    """`28%`, `18 d`, `18 天`: a written number and its unit."""
    words = unit_words(unit, language)
    return f"{number} {words}" if words and words != "%" else f"{number}{words}"


def _word(part: str, language: Language, below: bool) -> str:
    if language == "en":
        return _ENGLISH.get(part, part)
    return (_AFTER_A_STROKE.get(part) if below else None) or _PAIRS.get(part, part)
