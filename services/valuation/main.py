"""The valuation service: names it and lists its routers."""

from shared.app import create_app

app = create_app(
    "valuation",
    [],
    description="The result is judged: value KPIs, initiatives, evaluations, post-implementation reviews, reports.",
)
