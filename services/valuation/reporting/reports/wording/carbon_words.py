"""Words of the carbon report in en and zh-CN."""

from services.valuation.reporting.charts.figures import Language

TERMS: dict[str, dict[Language, str]] = {
    "title.carbon": {"en": "Energy and carbon", "zh-CN": "能耗与碳排放报告"},
    "carbon_by": {"en": "Emissions", "zh-CN": "排放分布"},
    "carbon_totals": {"en": "What the run measured", "zh-CN": "批次度量"},
    "carbon_resource": {"en": "By technology tower", "zh-CN": "按技术资源塔"},
    "carbon_solution": {"en": "By solution", "zh-CN": "按解决方案"},
    "carbon_consumer": {"en": "By consumer", "zh-CN": "按消费者"},
    "carbon_layer_resource": {"en": "Technology towers", "zh-CN": "技术资源塔"},
    "carbon_layer_solution": {"en": "Solutions", "zh-CN": "解决方案"},
    "carbon_layer_consumer": {"en": "Consumers", "zh-CN": "消费者"},
    "measure": {"en": "Measure", "zh-CN": "度量"},
    "unit": {"en": "Unit", "zh-CN": "单位"},
    "reached_consumers": {"en": "Reached consumers", "zh-CN": "分摊至消费者"},
    "not_reached": {"en": "Not allocated", "zh-CN": "未分摊"},
    "carbon.kwh": {"en": "Energy", "zh-CN": "能耗"},
    "carbon.co2e_operational": {"en": "Operational emissions", "zh-CN": "运行排放"},
    "carbon.co2e_embodied": {"en": "Embodied emissions", "zh-CN": "隐含排放"},
    "kwh_column": {"en": "Energy (kWh)", "zh-CN": "能耗（kWh）"},
    "operational": {"en": "Operational (kg CO2e)", "zh-CN": "运行排放（kg CO2e）"},
    "embodied": {"en": "Embodied (kg CO2e)", "zh-CN": "隐含排放（kg CO2e）"},
    "co2e": {"en": "Emissions (kg CO2e)", "zh-CN": "排放合计（kg CO2e）"},
    "share_of_co2e": {"en": "Share of emissions", "zh-CN": "排放占比"},
    "intensity": {"en": "kg CO2e per 1,000 {currency}", "zh-CN": "每千{currency}排放（kg CO2e）"},
    "basis.location": {"en": "location-based", "zh-CN": "基于地理位置"},
    "basis.market": {"en": "market-based", "zh-CN": "基于市场"},
}

SENTENCES: dict[str, dict[Language, str]] = {
    "carbon_total": {
        "en": "IT used {kwh} in {period}.",
        "zh-CN": "{period} IT 能耗 {kwh}。",
    },
    "carbon_emitted": {
        "en": "It caused {co2e} of emissions: {operational} in operation and {embodied} "
        "embodied in equipment.",
        "zh-CN": "共产生排放 {co2e}：运行排放 {operational}，设备隐含排放 {embodied}。",
    },
    "carbon_partly": {
        "en": "It caused {co2e} of emissions.",
        "zh-CN": "共产生排放 {co2e}。",
    },
    "carbon_missing": {
        "en": "The run did not measure {what}.",
        "zh-CN": "该批次未度量{what}。",
    },
    "carbon_basis": {
        "en": "Bought electricity is counted {basis}.",
        "zh-CN": "外购电力按{basis}口径计算。",
    },
    "carbon_largest": {
        "en": "The largest emitter among the {layer} is {name}: {co2e} ({share}).",
        "zh-CN": "{layer}中排放最高的是 {name}：{co2e}（{share}）。",
    },
    "carbon_open": {
        "en": "{amount} of the {what} could not be allocated.",
        "zh-CN": "{what}中有 {amount} 未分摊。",
    },
}
