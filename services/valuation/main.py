"""The valuation service: names it and lists its routers."""

import services.valuation.reporting.reports.retention  # noqa: F401  # registers its rules
from services.valuation import events
from services.valuation.benefits.review_actions import endpoints as review_actions
from services.valuation.benefits.review_notices import endpoints as review_notices
from services.valuation.benefits.reviews import endpoints as reviews
from services.valuation.benefits.reviews import notes_endpoints as review_notes
from services.valuation.benefits.reviews import results_endpoints as review_results
from services.valuation.benefits.reviews import steps_endpoints as review_steps
from services.valuation.benefits.success_cases import endpoints as success_cases
from services.valuation.benefits.value_realisation import bias_endpoints as value_bias
from services.valuation.benefits.value_realisation import correction_endpoint as corrections
from services.valuation.benefits.value_realisation import endpoints as value_realisation
from services.valuation.investments.cash_flows import endpoints as cash_flows
from services.valuation.investments.cash_flows import many_endpoints as all_cash_flows
from services.valuation.investments.evaluations import endpoints as evaluations
from services.valuation.investments.initiatives import endpoints as initiatives
from services.valuation.investments.initiatives import steps_endpoints as initiative_steps
from services.valuation.investments.plan_and_actual import earned_value_endpoint as earned_value
from services.valuation.investments.plan_and_actual import endpoints as plan_and_actual
from services.valuation.investments.stage_gates import endpoints as stage_gates
from services.valuation.investments.value_expectations import endpoints as value_expectations
from services.valuation.investments.value_expectations import (
    many_endpoints as all_value_expectations,
)
from services.valuation.measures.attribution import endpoints as attribution
from services.valuation.measures.feedback import endpoints as feedback
from services.valuation.measures.feedback import statistics_endpoint as feedback_statistics
from services.valuation.measures.observations import endpoints as observations
from services.valuation.measures.value_kpis import endpoints as value_kpis
from services.valuation.measures.value_kpis import packs_endpoints as kpi_packs
from services.valuation.measures.value_kpis import series_endpoint as kpi_series
from services.valuation.overviews.carbon import endpoints as carbon
from services.valuation.overviews.scorecards import endpoints as scorecards
from services.valuation.overviews.value_chain import endpoints as value_chain
from services.valuation.overviews.value_chain import stages_endpoints as value_chain_stages
from services.valuation.overviews.views import endpoints as views
from services.valuation.reporting.charts import endpoints as charts
from services.valuation.reporting.report_schedules import endpoints as report_schedules
from services.valuation.reporting.report_schedules import run_endpoint as report_schedule_runs
from services.valuation.reporting.reports import endpoints as reports
from shared.app import create_app

app = create_app(
    "valuation",
    [
        value_kpis.router,
        kpi_series.router,
        attribution.router,
        kpi_packs.router,
        observations.router,
        initiatives.router,
        initiative_steps.router,
        stage_gates.router,
        plan_and_actual.router,
        earned_value.router,
        value_expectations.router,
        all_value_expectations.router,
        cash_flows.router,
        all_cash_flows.router,
        evaluations.router,
        reviews.router,
        review_steps.router,
        review_results.router,
        review_notes.router,
        review_notices.router,
        review_actions.router,
        value_realisation.router,
        value_bias.router,
        corrections.router,
        success_cases.router,
        reports.router,
        report_schedules.router,
        report_schedule_runs.router,
        charts.router,
        views.router,
        value_chain.router,
        value_chain_stages.router,
        scorecards.router,
        carbon.router,
        feedback_statistics.router,
        feedback.router,
    ],
    description=(
        "The result is judged: value KPIs, initiatives, evaluations,"
        " post-implementation reviews, reports."
    ),
)
app.state.events = events  # its import says which events of other services are taken in
