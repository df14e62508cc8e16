"""The ingest service: names it and lists its routers."""

import services.ingest.imports.retention  # noqa: F401  # registers its rules
from services.ingest.assets.depreciation import router as asset_depreciation
from services.ingest.assets.endpoints import router as assets
from services.ingest.assets.findings import router as asset_findings
from services.ingest.assets.publication import router as asset_publication
from services.ingest.cost_lines.endpoints import router as cost_lines
from services.ingest.data_quality.endpoints import router as data_quality
from services.ingest.data_quality.rules.endpoints import router as data_quality_rules
from services.ingest.drivers.endpoints import router as drivers
from services.ingest.drivers.quantities import router as driver_quantities
from services.ingest.drivers.totals import router as driver_totals
from services.ingest.exchange_rates.endpoints import router as exchange_rates
from services.ingest.imports.endpoints import router as imports
from services.ingest.imports.reject_endpoints import router as import_rejects
from services.ingest.personal_data.endpoints import fields as personal_data_fields
from services.ingest.personal_data.endpoints import purges as personal_data_purges
from services.ingest.profiles.endpoints import router as profiles
from services.ingest.sources.endpoints import router as sources
from services.ingest.sources.sync_endpoints import router as source_syncs
from services.ingest.tickets.endpoints import router as tickets
from services.ingest.tickets.statistics import router as ticket_statistics
from shared.app import create_app

app = create_app(
    "ingest",
    [
        imports,
        import_rejects,
        profiles,
        cost_lines,
        drivers,
        driver_quantities,
        driver_totals,
        exchange_rates,
        assets,
        asset_findings,
        asset_depreciation,
        asset_publication,
        tickets,
        ticket_statistics,
        sources,
        source_syncs,
        data_quality,
        data_quality_rules,
        personal_data_fields,
        personal_data_purges,
    ],
    description="Facts come in: cost lines, drivers, rates, tickets; every row accounted for.",
)
