"""The words of explanations in English and Chinese, and how numbers are written in them."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

from shared.money import EXACT, plain

_single = re.compile(r"(?<![\d.,])1 (line|object|cost pool|smaller flow)s\b")
Texts = dict[str, tuple[str, str]]

SENTENCES: Texts = {
    "head": (
        "{name} ({layer}) had {amount} in {period}: {own} of its own and {received} received.",
        "{name}（{layer}）在 {period} 共有 {amount}：自有 {own}，收到 {received}。",
    ),
    "head_received": (
        "{name} ({layer}) received {amount} in {period}.",
        "{name}（{layer}）在 {period} 收到 {amount}。",
    ),
    "head_own": (
        "{name} ({layer}) had {amount} of its own in {period}.",
        "{name}（{layer}）在 {period} 自有 {amount}。",
    ),
    "nothing": (
        "{name} ({layer}) had nothing in {period}.",
        "{name}（{layer}）在 {period} 没有金额。",
    ),
    "inflow": (
        "{amount} came from {source} by mapping {mapping}{note} (priority {priority}): {how}.",
        "{amount} 来自 {source}，依据映射 {mapping}{note}（优先级 {priority}）：{how}。",
    ),
    "inflow_seen": (
        "{amount} came from {source} by mapping {mapping}.",
        "{amount} 来自 {source}，依据映射 {mapping}。",
    ),
    "inflow_quantity": (
        "{amount} came from {source} by mapping {mapping}, for {quantity}.",
        "{amount} 来自 {source}，依据映射 {mapping}，用量 {quantity}。",
    ),
    "others": (
        "{count} smaller flows brought {amount} together.",
        "另有 {count} 笔较小的流入，合计 {amount}。",
    ),
    "direct": (
        "all of the {moved} that it took there comes here",
        "该映射取走的 {moved} 全部归此",
    ),
    "fixed": (
        "a given share of {share} % of {moved}",
        "按给定份额 {share} % 分摊 {moved}",
    ),
    "fixed_of": (
        "a given share of {share} of {total} % of {moved}",
        "按给定份额分摊 {moved}：{total} % 中的 {share} %",
    ),
    "even": (
        "one of {targets} equal parts of {moved}",
        "{moved} 平均分成 {targets} 份，此为其中一份",
    ),
    "even_for_lack": (
        "one of {targets} equal parts of {moved}, because {driver} has no quantities to share by",
        "因动因 {driver} 没有可用数量，{moved} 平均分成 {targets} 份，此为其中一份",
    ),
    "driver": (
        "{quantity} of {total} {driver} = {percent} % of {moved}",
        "{driver} 总量 {total} 中的 {quantity}，即 {moved} 的 {percent} %",
    ),
    "capacity": (
        "{quantity} of a capacity of {total} {driver} = {percent} % of {moved}; what is idle stays",
        "{driver} 容量 {total} 中使用了 {quantity}，即 {moved} 的 {percent} %；闲置部分留存",
    ),
    "rate": (
        "{quantity} {driver} at {price} {currency} each",
        "{quantity} {driver}，单价 {price} {currency}",
    ),
    "weights": (
        "{percent} % of {moved} by {driver}",
        "按 {driver} 分得 {moved} 的 {percent} %",
    ),
    "as_the_cost": (
        "{percent} % of {moved}, as its cost went",
        "{moved} 的 {percent} %，与其成本去向一致",
    ),
    "by_floors": (
        "{moved} is less than all floors together ({floors}), so it is shared by them: {floor}",
        "{moved} 低于下限合计 {floors}，因此按下限分摊：{floor}",
    ),
    "mixed": (
        "its part of {moved}, of which different lines went by different weights",
        "{moved} 中归此的部分，其中不同明细按不同权重分摊",
    ),
    "at_cap": (
        ", held down to the cap of {bound}",
        "，受上限 {bound} 约束",
    ),
    "at_floor": (
        ", lifted to the floor of {bound}",
        "，提高到下限 {bound}",
    ),
    "between_bounds": (
        ", after others met their bounds",
        "，其余对象先满足各自上下限",
    ),
    "portion": (
        "; the mapping takes {portion} % of the {left} that those before it had left",
        "；该映射取前面映射所余 {left} 的 {portion} %",
    ),
    "portion_plain": (
        "; the mapping takes {portion} % of what those before it had left",
        "；该映射取前面映射所余部分的 {portion} %",
    ),
    "reciprocal": (
        "; within the layer all are charged to each other at once (simultaneous equations)",
        "；同层对象之间以联立方程同时相互分摊",
    ),
    "step_down": (
        "; within the layer one after the other is charged on (step down)",
        "；同层对象按顺序逐级分摊",
    ),
    "lines": (
        "Mapping {mapping}{note} caught {count} lines of {exact} {currency}{converted}.",
        "映射 {mapping}{note} 归入 {count} 行明细，金额 {exact} {currency}{converted}。",
    ),
    "converted": (
        ", at a rate of {rate} = {amount}",
        "，按汇率 {rate} 折合 {amount}",
    ),
    "out_of_scope": (
        "Mapping {mapping}{note} left {count} lines of {amount} out of scope.",
        "映射 {mapping}{note} 将 {count} 行明细共 {amount} 列为范围外。",
    ),
    "no_pool": (
        "{count} lines of {amount} found no pool: {reason}.",
        "{count} 行明细共 {amount} 未归入任何成本池：{reason}。",
    ),
    "no_pool_known": (
        "mapping {mapping} names a pool that does not exist",
        "映射 {mapping} 指向不存在的成本池",
    ),
    "to_pools": (
        "{amount} went to {pools} cost pools.",
        "{amount} 归入 {pools} 个成本池。",
    ),
    "set_aside": (
        "{count} lines of {amount} {currency} were set aside: there is no exchange rate for them.",
        "{count} 行明细共 {amount} {currency} 因缺少汇率而搁置。",
    ),
    "line_head": (
        "{count} lines of {period} amount to {lines}; {left_out} of them are out of scope,"
        " {own} entered at objects themselves, so the run's input is {amount}.",
        "{period} 共有 {count} 行明细，金额 {lines}；其中范围外 {left_out}，"
        "对象自有 {own}，因此本次运行的输入为 {amount}。",
    ),
    "residual": (
        "{amount} is what rounding to whole units left.",
        "取整到最小单位后的余差为 {amount}。",
    ),
    "emission": (
        "Its own amount is {kwh} kWh at {factors} kgCO2e per kWh ({region}, {basis}-based).",
        "自有量为 {kwh} kWh，排放因子 {factors} kgCO2e/kWh（{region}，{basis}）。",
    ),
    "own": (
        "{amount} entered at the object itself: {origin}.",
        "{amount} 直接计入该对象：{origin}。",
    ),
    "passed_on": (
        "Mapping {mapping} passed {amount} on to {targets} objects.",
        "映射 {mapping} 将 {amount} 转给 {targets} 个对象。",
    ),
    "retained_bill": (
        "{amount} stays as its bill.",
        "{amount} 即其账单金额。",
    ),
    "retained": (
        "{amount} is kept here because a mapping says so.",
        "{amount} 按映射规定留存于此。",
    ),
    "stays": (
        "{amount} stays unallocated{by}: {reason}.",
        "{amount} 未分摊{by}：{reason}。",
    ),
    "by_mapping": (" by mapping {mapping}", "（映射 {mapping}）"),
}
REASONS: Texts = {
    "no_mapping": ("no mapping takes it", "没有映射取走"),
    "no_driver": ("the driver has no quantities", "动因没有数量"),
    "zero_weight": ("all weights are zero", "权重全部为零"),
    "negative_weight": ("a quantity is negative", "存在负数量"),
    "unknown_target": ("no layer has the code {unknown}", "没有任何层包含代码 {unknown}"),
    "capped": ("the caps are below the amount", "上限合计低于金额"),
    "floor_unmet": ("the floors are above the amount", "下限合计高于金额"),
    "idle": ("capacity was idle", "容量闲置"),
    "rate_difference": (
        "price times quantity is not what it cost (negative: charged too much)",
        "单价乘数量与成本不一致（负数表示多收）",
    ),
}
LAYERS: Texts = {
    "line": ("lines", "明细"),
    "pool": ("cost pool", "成本池"),
    "resource": ("resource", "资源"),
    "solution": ("solution", "解决方案"),
    "consumer": ("consumer", "消费方"),
}
ORIGINS: Texts = {
    "cost": ("corrections of earlier bills", "对以往账单的更正"),
    "kwh": ("metered energy", "计量的能耗"),
    "co2e_operational": ("energy times emission factors", "能耗乘以排放因子"),
    "co2e_embodied": ("embodied carbon of assets", "资产的隐含碳"),
}
BASES: Texts = {"location": ("location", "基于位置"), "market": ("market", "基于市场")}
NAMES: Texts = {
    "amount": ("amount", "金额"),
    "own": ("own", "自有"),
    "received": ("received", "收到"),
    "flow": ("flow", "流入"),
    "others": ("others", "其余"),
    "moved": ("moved", "转出"),
    "quantity": ("quantity", "数量"),
    "total": ("total", "总量"),
    "share": ("share", "份额"),
    "targets": ("targets", "对象数"),
    "price": ("price", "单价"),
    "rate": ("exchange_rate", "汇率"),
    "cost_here": ("cost_share", "所得成本"),
    "cost_whole": ("cost_base", "成本基数"),
    "bound": ("bound", "限额"),
    "free": ("free", "可分"),
    "left": ("left", "剩余"),
    "portion": ("portion", "比例"),
    "lines": ("lines", "明细"),
    "left_out": ("out_of_scope", "范围外"),
    "input": ("input", "输入"),
    "kwh": ("kwh", "电量"),
    "factor": ("factor", "因子"),
    "consumers": ("consumers", "消费方"),
    "retained": ("retained", "留存"),
    "unallocated": ("unallocated", "未分摊"),
    "passed_on": ("passed_on", "转给"),
    "residual": ("residual", "余差"),
}
UNITS = {"kwh": "kWh", "co2e_operational": "kgCO2e", "co2e_embodied": "kgCO2e"}


def say(texts: Texts, key: str, language: str, **fields: object) -> str:
    """The text of a key in a language."""
    english, chinese = texts[key]
    if language == "zh-CN":
        return chinese.format(**fields)
    return _single.sub(r"1 \1", english.format(**fields))


def grouped(value: Decimal, least: int = 0) -> str:
    """A number exactly, its thousands apart, with at least so many decimals."""
    whole, _, decimals = plain(value).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    decimals = decimals.ljust(least, "0")
    return f"{sign}{int(digits):,}" + (f".{decimals}" if decimals else "")


def percent(part: int, whole: int) -> str:
    """part / whole in per cent, to four decimals; `?` when the whole is nothing."""
    if not whole:
        return "?"
    exact = EXACT.divide(Decimal(part) * 100, Decimal(whole))
    return plain(exact.quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN, context=EXACT))
