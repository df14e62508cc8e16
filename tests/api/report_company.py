"""A furniture maker with everything that the eight types of report tell of, made over the APIs.

Two months of lines from one file (with a row that cannot be read), energy and emissions, issued
bills with a dispute, KPIs of three classes, an initiative with a plan, results and a review.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.running import LiveServices

MONTHS = ("2026-01", "2026-02")
PERIOD = MONTHS[1]
SHOPS = 60
LONG_NAME = "华东大区上海浦东新区家居体验旗舰门店（含设计服务中心与售后维修网点）"
Json = dict[str, Any]


@dataclass(frozen=True)
class Company:
    """The ids that tests follow."""

    run: str
    disputed: str
    initiative: str


def made(answer: Any) -> Any:
    """The answer's body; nothing in it may have failed."""
    assert answer.status_code in {200, 201, 202, 204}, answer.text
    body = answer.json() if answer.content else {}
    failed = [item for item in body.get("results", []) if item["status"] == "error"]
    assert not failed, failed
    return body


def a_thing(code: str, name: str, **more: Any) -> Json:
    """An object of the model in both languages."""
    return {"code": code, "names": {"en": f"{code.title()} ({code})", "zh-CN": name}, **more}


def a_mapping(code: str, stage: str, source: Json, target: Any, **more: Any) -> Json:
    """Fixed shares when the target is several objects, direct when it is one."""
    method = "direct" if isinstance(target, str) else "fixed"
    goal = {"object": target} if isinstance(target, str) else {"shares": target}
    return {
        "code": code,
        "stage": stage,
        "source": source,
        "method": method,
        "target": goal,
        **more,
    }


def build(services: LiveServices) -> Company:
    """Make it all; the run is the published one of February."""
    _import_lines(services)
    _model(services)
    runs = [_run(services, month) for month in MONTHS]
    disputed = _bills(services)
    initiative = _values(services)
    return Company(runs[-1], disputed, initiative)


def _import_lines(services: LiveServices) -> None:
    rows = ["Date,Amount,Currency,Supplier,Account"]
    for month, more in zip(MONTHS, ("0", "20000"), strict=True):
        rows += [
            f"{month}-05,{Decimal(480000) + Decimal(more)},CNY,用友软件,SW",
            f"{month}-06,260000.37,CNY,戴尔,HW",
            f"{month}-07,73000.11,CNY,物业,RENT",
        ]
    rows.append("2026-02-08,not-a-number,CNY,某供应商,SW")
    files = {"file": ("总账 2026-02.csv", "\n".join(rows).encode(), "text/csv")}
    form = {"kind": "ledger", "source": "erp"}
    made(services.ingest.post("/v1/imports?wait=60", files=files, data=form))


def _model(services: LiveServices) -> None:
    shops = [f"SHOP-{number:02d}" for number in range(SHOPS)]
    names = [LONG_NAME, *(f"直营门店第{number}号" for number in range(1, SHOPS))]
    region = {"attributes": {"region": "CN-SH"}}
    objects = {
        "cost-pools": [a_thing("SW", "软件许可与订阅"), a_thing("HW", "硬件折旧")],
        "resources": [a_thing("APP", "应用平台", **region), a_thing("IDLE", "闲置机房")],
        "solutions": [
            a_thing("DESIGN", "智能设计与云渲染服务", value_chain_stage="design"),
            a_thing("SCM", "供应链协同", value_chain_stage="supply"),
        ],
        "consumers": [a_thing(code, name) for code, name in zip(shops, names, strict=True)],
    }
    for collection, things in objects.items():
        made(services.allocation.post(f"/v1/{collection}/bulk", json={"items": things}))
    shares = {code: str(number + 1) for number, code in enumerate(shops)}
    seats = {"code": "seats", "names": {"en": "Seats", "zh-CN": "席位"}, "unit": "seat"}
    meter = {"code": "meter", "names": {"en": "Meter"}, "unit": "kWh", "measure": "kwh"}
    made(services.ingest.post("/v1/drivers/bulk", json={"items": [seats, meter]}))
    quantities = [
        {"driver": "seats", "period": month, "target": code, "quantity": share}
        for month in MONTHS
        for code, share in shares.items()
    ]
    quantities += [
        {"driver": "meter", "period": month, "target": "APP", "quantity": "31250.5"}
        for month in MONTHS
    ]
    made(services.ingest.post("/v1/driver-quantities/bulk", json={"items": quantities}))
    mappings = [
        a_mapping("sw", "line_to_pool", {"account": "SW"}, "SW"),
        a_mapping("hw", "line_to_pool", {"account": "HW"}, "HW"),
        a_mapping("tower", "pool_to_resource", {}, {"APP": "90", "IDLE": "10"}),
        a_mapping("app", "resource_to_solution", {"code": "APP"}, {"DESIGN": "32", "SCM": "68"}),
        a_mapping("design", "solution_to_consumer", {"code": "DESIGN"}, "SHOP-00"),
        {
            "code": "scm",
            "stage": "solution_to_consumer",
            "source": {"code": "SCM"},
            "method": "driver",
            "driver": "seats",
            "target": {},
        },
    ]
    made(services.allocation.post("/v1/mappings/bulk", json={"items": mappings}))
    draft = services.allocation.get("/v1/model-versions?status=draft").json()["items"][0]
    made(services.allocation.post(f"/v1/model-versions/{draft['id']}/publish", json={}))
    factor = {
        "code": "grid", "region": "CN-SH", "scope": "2",
        "basis": "location", "valid_from": "2026-01", "kg_per_kwh": "0.5703",
    }  # fmt: skip
    made(services.allocation.post("/v1/emission-factors/bulk", json={"items": [factor]}))


def _run(services: LiveServices, month: str) -> str:
    order = {"period": month, "currency": "CNY", "measures": ["cost", "kwh", "co2e_operational"]}
    run = made(services.allocation.post("/v1/runs?wait=60", json=order))
    assert run["totals"]["cost"]["consumers"] != "0", run
    made(services.allocation.post(f"/v1/runs/{run['id']}/publish", json={}))
    return str(run["id"])


def _bills(services: LiveServices) -> str:
    made(services.allocation.post("/v1/statements", json={"period": PERIOD}))
    made(services.allocation.post("/v1/statements/issue", json={"period": PERIOD}))
    path = f"/v1/statements?period={PERIOD}&consumer=SHOP-00"
    bill = services.allocation.get(path).json()["items"][0]
    line = services.allocation.get(f"/v1/statements/{bill['id']}").json()["lines"][0]
    complaint = {"statement_line": line["id"], "reason": "渲染用量统计有误", "amount": "100.00"}
    return str(made(services.allocation.post("/v1/disputes", json=complaint))["id"])


def _values(services: LiveServices) -> str:
    valuation = services.valuation
    kpis = [
        _kpi("REV-DESIGN", "设计服务收入", "benefit", "CNY", "up", value_role="revenue",
             links=[{"layer": "solution", "code": "DESIGN"}], target="2000000", baseline="1000000"),
        _kpi("USE-SCM", "供应链协同活跃用户", "efficiency", "users", "up", value_role="use",
             links=[{"layer": "solution", "code": "SCM"}], baseline="0", target="100"),
        _kpi("CYCLE", "订单交付周期", "efficiency", "d", "down", baseline="45", target="28"),
    ]  # fmt: skip
    made(valuation.post("/v1/value-kpis/bulk", json={"items": kpis}))
    seen = [
        ("REV-DESIGN", "1500000", "1800000"), ("USE-SCM", "22", "20"), ("CYCLE", "36", "31"),
    ]  # fmt: skip
    items = [
        {"kpi": kpi, "period": month, "value": value, "source": "bi"}
        for kpi, *values in seen
        for month, value in zip(MONTHS, values, strict=True)
    ]
    made(valuation.post("/v1/observations/bulk", json={"items": items}))
    initiative = made(
        valuation.post(
            "/v1/initiatives",
            json={
                "code": "WMS",
                "names": {"en": "Smart warehouse", "zh-CN": "智能仓储与供应链协同改造项目"},
                "solution": "SCM",
                "sponsor": "运营副总裁",
                "stage": "live",
                "historic": True,
                "go_live_on": "2025-10-01",
                "currency": "CNY",
            },
        )
    )
    path = f"/v1/initiatives/{initiative['id']}"
    promise = {
        "kpi": "CYCLE", "level": "operation", "baseline": "45", "target": "28",
        "monetary_value": "12000000", "currency": "CNY", "benefit_kind": "cashable",
    }  # fmt: skip
    made(valuation.post(f"{path}/value-expectations", json=promise))
    flows = [
        {"external_id": "1", "on": "2025-01-01", "amount": "-20000000", "category": "investment"},
        {"external_id": "2", "on": "2027-01-01", "amount": "80000000", "category": "benefit"},
        {"external_id": "3", "on": "2025-01-01", "amount": "-21000000", "category": "investment",
         "basis": "actual"},
        {"external_id": "4", "on": "2026-02-20", "amount": "9000000", "category": "benefit",
         "basis": "actual"},
    ]  # fmt: skip
    made(valuation.post(f"{path}/cash-flows/bulk", json={"items": flows}))
    return str(initiative["id"])


def _kpi(code: str, name: str, kind: str, unit: str, direction: str, **more: Any) -> Json:
    return {
        "code": code,
        "names": {"en": code.title(), "zh-CN": name},
        "class": kind,
        "unit": unit,
        "direction": direction,
        **more,
    }
