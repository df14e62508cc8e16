"""What a finding says in the reader's language; the engine words it in English only."""

from collections.abc import Mapping
from typing import Any

from shared.contracts.allocation.runs import FindingAnswer

CHINESE = {
    "ambiguous_priority": "{first} 与 {mapping} 优先级相同且争取同一笔金额；编码较小者先行",
    "correction_set_aside": "从 {consumer} 到 {counterparty} 的 {amount} {currency} 缺汇率，未计入",
    "floor_unmet": "{object} 的金额比映射 {mapping} 的下限合计少 {missing}",
    "mapping_matched_nothing": "映射 {mapping} 没有可分摊的金额",
    "missing_emission_factor": "{kwh} kWh 没有排放因子，未计入运营碳排放",
    "rate_charged_twice": "映射 {mapping} 按同一批数量向多个来源对象计价：{objects}",
    "unknown_order_code": "逐级分摊的顺序里有本层没有的编码 {code}",
}


def finding_answer(finding: Mapping[str, Any], language: str) -> FindingAnswer:
    """A finding as callers see it; one that we have no words for keeps its English ones."""
    template = CHINESE.get(finding["code"]) if language == "zh-CN" else None
    if template is None:
        return FindingAnswer(**finding)
    facts = {name: _text(value) for name, value in finding["details"].items()}
    try:
        message = template.format(mapping=finding["mapping"], **facts)
    except KeyError:  # stored by an earlier version, with fewer details
        return FindingAnswer(**finding)
    return FindingAnswer(**{**finding, "message": message})


def _text(value: Any) -> str:
    return "、".join(str(one) for one in value) if isinstance(value, list) else str(value)
