"""The allocation service: names it and lists its routers."""

from services.allocation.cost_objects.endpoints import routers as cost_objects
from shared.app import create_app

app = create_app(
    "allocation",
    [*cost_objects],
    description="Money moves: cost pool -> resource tower -> solution -> consumer, to the last unit.",
)
