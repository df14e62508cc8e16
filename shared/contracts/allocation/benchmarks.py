"""Benchmarks on the wire: what others reach."""

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from shared.contracts.allocation.objects import Layer
from shared.contracts.ingest.cost_lines import KnownCurrency
from shared.contracts.values import Code, Contract, DecimalText, ExactText, Instant
from shared.periods import is_period, last_day

UNIT_COST = "unit_cost"
EXAMPLE: dict[str, Any] = {
    "layer": "resource",
    "object": "COMPUTE",
    "metric": UNIT_COST,
    "p25": "0.041",
    "median": "0.052",
    "p75": "0.068",
    "currency": "EUR",
    "source": "Peer group 2026",
    "as_of": "2026-01-31",
}
_day = re.compile(r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$")


def _day_from_text(value: object) -> object:
    """A day, or a month that stands for its last day; never a number or an instant."""
    if isinstance(value, date):
        return value
    if is_period(value):
        return last_day(str(value))
    if not isinstance(value, str) or not _day.match(value):
        raise ValueError("a date such as 2026-01-31 is needed")
    return value


AsOf = Annotated[
    date,
    BeforeValidator(_day_from_text),
    Field(examples=["2026-01-31"], description="A day; a month stands for its last day"),
]


class BenchmarkRequest(Contract):
    """Quartiles of a metric, of an object (with its layer) or of a KPI.

    Known by object or KPI, metric, source and day. A currency, if given, keeps the figures from
    standing beside amounts of another one.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    layer: Layer | None = None
    object: Code | None = None
    kpi: Code | None = None
    metric: Code = UNIT_COST
    p25: DecimalText
    median: DecimalText
    p75: DecimalText
    currency: KnownCurrency | None = None
    source: Code | None = None
    as_of: AsOf

    @model_validator(mode="after")
    def _of_one_thing(self) -> "BenchmarkRequest":
        if (self.object is None) == (self.kpi is None):
            raise ValueError("give either object or kpi")
        if (self.layer is None) != (self.object is None):
            raise ValueError("layer and object go together")
        if not self.p25 <= self.median <= self.p75:
            raise ValueError("p25 <= median <= p75")
        return self


class BenchmarkAnswer(Contract):
    """A benchmark as it is."""

    id: UUID
    layer: Layer | None
    object: str | None
    kpi: str | None
    metric: str
    p25: ExactText
    median: ExactText
    p75: ExactText
    currency: str | None
    source: str | None
    as_of: date
    updated_at: Instant
    etag: str
