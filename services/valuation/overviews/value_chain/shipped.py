"""The stages that ship with the system: a maker's chain from idea to service."""

SHIPPED = (
    ("research", "Research", "研发"),
    ("design", "Design", "设计"),
    ("procurement", "Procurement", "采购"),
    ("production", "Production", "生产"),
    ("logistics", "Warehousing and logistics", "仓储物流"),
    ("marketing", "Marketing", "营销"),
    ("sales", "Sales", "销售"),
    ("service", "Service", "服务"),
    ("operations", "Running the company", "运营管理"),
)
"""(code, English name, Chinese name), in their order."""
STEP = 10
