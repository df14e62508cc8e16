"""What does the work of each kind of import."""

from collections.abc import Callable

from services.ingest.assets.importing import ASSET_IMPORT
from services.ingest.facts import repository as facts
from services.ingest.handed_over.imports import ConsumerImport, ObservationImport
from services.ingest.imports.kinds.fact_import import FactImport
from services.ingest.imports.kinds.handler import Handler
from services.ingest.imports.kinds.line_import import LineImport
from services.ingest.imports.kinds.ticket_import import TicketImport
from services.ingest.imports.reading.facts import read_quantities, read_rates

#: The column that is named for a row refused while storing, by code.
REFUSED_COLUMNS = {
    "closed_period": "period",
    "unknown_code": "driver",
    "duplicate_external_id": "external_id",
}

_HANDLERS: dict[str, Callable[[], Handler]] = {
    "ledger": LineImport,
    "budget": LineImport,
    "focus": LineImport,
    "assets": lambda: ASSET_IMPORT,
    "drivers": lambda: FactImport(
        facts.QUANTITIES,
        lambda row: lambda plan, batch: read_quantities(plan, batch, row.scenario),
        prepare=facts.refuse_unknown_drivers,
    ),
    "exchange_rates": lambda: FactImport(facts.RATES, lambda row: read_rates),
    "tickets": TicketImport,
    "consumers": ConsumerImport,
    "kpi_observations": ObservationImport,
}


def handler_of(kind: str) -> Handler:
    """What does the work of one import; KeyError for a word that is no kind."""
    return _HANDLERS[kind]()
