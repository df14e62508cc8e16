"""The kinds of sources: one thin file each."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from services.ingest.sources.connector import Connector, SourceSettings
from services.ingest.sources.kinds.odata import odata, odata_rules
from services.ingest.sources.kinds.rest import RestConnector
from services.ingest.sources.kinds.servicenow import servicenow, servicenow_rules
from services.ingest.sources.kinds.sql import SqlConnector

CONNECTORS: Mapping[str, Callable[[SourceSettings], Connector]] = {
    "servicenow": servicenow,
    "odata": odata,
    "rest": RestConnector,
    "sql": SqlConnector,
}
"""How a connector of a kind is made."""

BuiltInRules = Callable[[BaseModel, str], Mapping[str, Any] | None]
BUILT_IN_RULES: Mapping[str, BuiltInRules] = {
    "servicenow": servicenow_rules,
    "odata": odata_rules,
}
"""Per kind: the rules of a profile (as `/v1/profiles` takes them, without a code) for a config and
a kind of import, used when the source names no profile; None where the names of the columns do."""
