"""The allocation service: names it and lists its routers."""

from services.allocation.cost_objects.endpoints import routers as cost_objects
from services.allocation.mappings.previewing import router as mappings
from services.allocation.model_versions.endpoints import router as model_versions
from services.allocation.periods.endpoints import router as periods
from services.allocation.runs.endpoints import router as runs
from services.allocation.runs.figure_endpoints import router as run_figures
from services.allocation.runs.trace_endpoints import router as run_traces
from services.allocation.taxonomies.endpoints import router as taxonomies
from services.allocation.views.endpoints import router as views
from shared.app import create_app

app = create_app(
    "allocation",
    [
        *cost_objects,
        taxonomies,
        mappings,
        model_versions,
        periods,
        runs,
        run_figures,
        run_traces,
        views,
    ],
    description="Money moves: cost pool -> resource -> solution -> consumer, to the last unit.",
)
