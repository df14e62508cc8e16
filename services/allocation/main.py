"""The allocation service: names it and lists its routers."""

import services.allocation.runs.retention  # noqa: F401  # registers its rules
from services.allocation.benchmarks.changing import router as benchmark_changes
from services.allocation.benchmarks.endpoints import router as benchmarks
from services.allocation.budgets.alert_endpoints import router as budget_alerts
from services.allocation.budgets.changing import router as budget_changes
from services.allocation.budgets.endpoints import router as budgets
from services.allocation.comparisons.endpoints import routers as comparisons
from services.allocation.cost_objects.endpoints import routers as cost_objects
from services.allocation.disputes.endpoints import router as disputes
from services.allocation.emission_factors.endpoints import router as emission_factors
from services.allocation.explanations.endpoints import router as explanations
from services.allocation.explanations.input_endpoints import router as run_inputs
from services.allocation.focus.endpoints import router as focus
from services.allocation.mappings.coverage import router as mappings
from services.allocation.model_versions.impact_endpoint import router as model_versions
from services.allocation.object_costs.endpoints import router as object_costs
from services.allocation.periods.endpoints import router as periods
from services.allocation.runs.endpoints import router as runs
from services.allocation.runs.figure_endpoints import router as run_figures
from services.allocation.runs.loaded import load_kernels
from services.allocation.runs.trace_endpoints import router as run_traces
from services.allocation.simulations.endpoints import router as simulations
from services.allocation.simulations.sensitivity import router as sensitivity
from services.allocation.statements.endpoints import router as statements
from services.allocation.taxonomies.endpoints import router as taxonomies
from services.allocation.views.endpoints import router as views
from shared.app import create_app

app = create_app(
    "allocation",
    [
        *cost_objects,
        taxonomies,
        mappings,
        emission_factors,
        model_versions,
        periods,
        runs,
        run_figures,
        run_traces,
        object_costs,
        explanations,
        run_inputs,
        focus,
        *comparisons,
        simulations,
        sensitivity,
        views,
        budgets,
        budget_changes,
        budget_alerts,
        benchmarks,
        benchmark_changes,
        statements,
        disputes,
    ],
    description="Money moves: cost pool -> resource -> solution -> consumer, to the last unit.",
    warm_up=load_kernels,
)
