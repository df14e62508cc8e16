"""The ingest service: names it and lists its routers."""

from services.ingest.cost_lines.endpoints import router as cost_lines
from services.ingest.drivers.endpoints import router as drivers
from services.ingest.drivers.quantities import router as driver_quantities
from services.ingest.exchange_rates.endpoints import router as exchange_rates
from services.ingest.imports.endpoints import router as imports
from services.ingest.profiles.endpoints import router as profiles
from services.ingest.tickets.endpoints import ticket_statistics, tickets
from shared.app import create_app

app = create_app(
    "ingest",
    [
        imports,
        profiles,
        cost_lines,
        drivers,
        driver_quantities,
        exchange_rates,
        tickets,
        ticket_statistics,
    ],
    description="Facts come in: cost lines, drivers, rates, tickets; every row accounted for.",
)
