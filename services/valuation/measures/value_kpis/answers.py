"""KPIs as callers see them, and requests as rows take them."""

from typing import Any

from services.valuation.measures.value_kpis.series import key_of_link
from shared.contracts.valuation.kpis import TargetOfPeriod, ValueKpiAnswer, ValueKpiRequest
from shared.contracts.values import Names, decimal_to_text, name_in
from shared.http.etags import etag_of
from shared.tables.valuation.kpis import ValueKpi

EXPORT_COLUMNS = (
    "code", "name", "names.en", "names.zh-CN", "class", "dimension", "perspective", "unit",
    "direction", "formula", "value_role", "aggregation", "baseline", "target", "links", "owner",
    "weight", "pack", "updated_at",
)  # fmt: skip


def kpi_answer(row: ValueKpi, language: str) -> ValueKpiAnswer:
    """A row as callers see it."""
    return ValueKpiAnswer(
        **row.model_dump(exclude={"version"}),
        name=name_in(row.names, language),
        etag=etag_of(row.id, row.version),
    )


def exported_kpi(row: ValueKpi, language: str) -> list[Any]:
    """A row as a line of a file, in the order of `EXPORT_COLUMNS`."""
    named = {"class": row.kpi_class, "name": name_in(row.names, language)}
    names = {f"names.{code}": row.names.get(code) for code in ("en", "zh-CN")}
    links = "; ".join(key_of_link(link) for link in row.links)
    cells = {**row.model_dump(), **named, **names, "links": links}
    return [cells[name] for name in EXPORT_COLUMNS]


def stored_kpi(request: ValueKpiRequest) -> dict[str, Any]:
    """A request as the columns of a row."""
    return stored_fields({name: getattr(request, name) for name in type(request).model_fields})


def stored_fields(given: dict[str, Any]) -> dict[str, Any]:
    """Fields of a request as columns: names as JSON, targets with decimals as text."""
    stored = dict(given)
    for name in ("names", "definition"):
        if isinstance(stored.get(name), Names):
            stored[name] = stored[name].stored()
    if stored.get("targets") is not None:
        stored["targets"] = [_stored_target(target) for target in stored["targets"]]
    if stored.get("links") is not None:
        stored["links"] = [link.model_dump() for link in stored["links"]]
    return stored


def _stored_target(target: TargetOfPeriod) -> dict[str, str]:
    return {"period": target.period, "value": decimal_to_text(target.value)}
