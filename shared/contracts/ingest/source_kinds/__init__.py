"""What each kind of source is told: one model per kind, unknown fields are an error."""

from shared.contracts.ingest.source_kinds.base import SourceConfig
from shared.contracts.ingest.source_kinds.folder import FolderConfig
from shared.contracts.ingest.source_kinds.odata import ODataConfig
from shared.contracts.ingest.source_kinds.rest import RestConfig
from shared.contracts.ingest.source_kinds.servicenow import ServiceNowConfig
from shared.contracts.ingest.source_kinds.sql import SqlConfig

CONFIGS: dict[str, type[SourceConfig]] = {
    "rest": RestConfig,
    "sql": SqlConfig,
    "folder": FolderConfig,
    "servicenow": ServiceNowConfig,
    "odata": ODataConfig,
}
