"""Imports of assets: rows with a known code replace what was there, new towers are told."""

from sqlmodel import Session

from services.ingest.assets.publishing import publish_later
from services.ingest.assets.repository import ASSETS, brought_with_tower, identify_assets
from services.ingest.assets.rows import read_assets
from services.ingest.imports.kinds.fact_import import FactImport
from shared.tables.ingest.imports import DataImport


def _publish(session: Session, row: DataImport) -> None:
    if brought_with_tower(session, row.id):
        publish_later(session, row.subject)


ASSET_IMPORT = FactImport(ASSETS, lambda row: read_assets, prepare=identify_assets, follow=_publish)
