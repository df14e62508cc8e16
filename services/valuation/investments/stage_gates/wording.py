"""Verdicts at stage gates in the words of both languages."""

from collections.abc import Mapping, Sequence

VERDICTS: Mapping[str, Mapping[str, str]] = {
    "holds": {"en": "The value case holds.", "zh-CN": "价值论证成立。"},
    "weaker": {"en": "The value case is weak or weaker.", "zh-CN": "价值论证薄弱或减弱。"},
    "broken": {
        "en": "The value case is broken: it no longer pays, as it did when it was approved.",
        "zh-CN": "价值论证不再成立：批准时收益可覆盖成本，现已不能。",
    },
}

REASONS: Mapping[str, Mapping[str, str]] = {
    "benefit_below_cost": {
        "en": "The planned benefit is below the planned cost.",
        "zh-CN": "计划收益低于计划成本。",
    },
    "net_value_lower": {
        "en": "Benefit less cost is lower than at approval.",
        "zh-CN": "收益减成本低于批准时。",
    },
    "expected_value_lower": {
        "en": "Less money is expected than at approval.",
        "zh-CN": "预期金额低于批准时。",
    },
    "promise_withdrawn": {
        "en": "A promise with a number was withdrawn.",
        "zh-CN": "有量化承诺被撤回。",
    },
}


def explain(verdict: str, because: Sequence[str], language: str) -> str:
    """The verdict and why, as sentences."""
    between = " " if language == "en" else ""
    reasons = [REASONS[code][language] for code in because]
    return between.join([VERDICTS[verdict][language], *reasons])
