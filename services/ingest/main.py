"""The ingest service: names it and lists its routers."""

from shared.app import create_app

app = create_app(
    "ingest",
    [],
    description="Facts come in: cost lines, drivers, exchange rates, tickets; every row accounted for.",
)
