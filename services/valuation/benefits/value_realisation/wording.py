"""What is said of a correction, in both languages."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from services.valuation.benefits.value_realisation.bias import LEAST, ClassName, Reference

CLASSES: Mapping[ClassName, Mapping[str, str]] = {
    "same_kpi": {"en": "of the same KPI", "zh-CN": "同一KPI的"},
    "same_kind_and_portfolio": {
        "en": "of the same kind of benefit in the same portfolio",
        "zh-CN": "同一项目组合中同类效益的",
    },
    "same_kind": {"en": "of the same kind of benefit", "zh-CN": "同类效益的"},
    "all": {"en": "of every kind", "zh-CN": "所有类型的"},
}
OFFERED = {
    "en": (
        "{n} earlier promises {name} reached {median} % of what was expected in the middle case"
        " ({low} % to {high} % for eight in ten). The figures offered here are this promise's at"
        " that share; nothing is changed by itself."
    ),
    "zh-CN": (
        "此前{name}{n}项预期，中位实现了预期的{median}%（十分之八在{low}%至{high}%之间）。"
        "此处给出按该比例修正后的数字，系统不会自行更改。"
    ),
}
TOO_LITTLE = {
    "en": (
        "Too few earlier promises were measured to correct this one ({n} in all, {least} needed)."
    ),
    "zh-CN": "已测量的既往预期过少，无法据以修正（共{n}项，至少需要{least}项）。",
}


def correction_sentence(reference: Reference, language: str) -> str:
    """How many promises speak and what they say, or that they are too few."""
    bias = reference.bias
    if bias is None or reference.chosen is None:
        return TOO_LITTLE[language].format(n=dict(reference.sizes)["all"], least=LEAST)
    return OFFERED[language].format(
        n=bias.n,
        name=CLASSES[reference.chosen][language],
        median=_percent(bias.median),
        low=_percent(bias.p10),
        high=_percent(bias.p90),
    )


def _percent(share: Decimal | None) -> str:
    value = (share or Decimal(0)) * 100
    return f"{value.quantize(Decimal('0.1'), ROUND_HALF_EVEN):f}"
