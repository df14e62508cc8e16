"""The valuation service: names it and lists its routers."""

from services.valuation import events
from services.valuation.cash_flows import endpoints as cash_flows
from services.valuation.charts import endpoints as charts
from services.valuation.evaluations import endpoints as evaluations
from services.valuation.initiatives import endpoints as initiatives
from services.valuation.initiatives import steps_endpoints as initiative_steps
from services.valuation.observations import endpoints as observations
from services.valuation.reports import endpoints as reports
from services.valuation.reviews import endpoints as reviews
from services.valuation.reviews import notes_endpoints as review_notes
from services.valuation.reviews import steps_endpoints as review_steps
from services.valuation.value_expectations import endpoints as value_expectations
from services.valuation.value_kpis import endpoints as value_kpis
from services.valuation.value_kpis import packs_endpoints as kpi_packs
from services.valuation.value_kpis import series_endpoint as kpi_series
from services.valuation.value_realisation import endpoints as value_realisation
from services.valuation.views import endpoints as views
from shared.app import create_app

app = create_app(
    "valuation",
    [
        value_kpis.router,
        kpi_series.router,
        kpi_packs.router,
        observations.router,
        initiatives.router,
        initiative_steps.router,
        value_expectations.router,
        cash_flows.router,
        evaluations.router,
        reviews.router,
        review_steps.router,
        review_notes.router,
        value_realisation.router,
        reports.router,
        charts.router,
        views.router,
    ],
    description=(
        "The result is judged: value KPIs, initiatives, evaluations,"
        " post-implementation reviews, reports."
    ),
)
app.state.events = events  # its import says which events of other services are taken in
