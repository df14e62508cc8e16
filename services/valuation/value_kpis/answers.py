"""KPIs as callers see them, and requests as rows take them."""

from typing import Any

from services.valuation.value_kpis.formulas import parse_formula
from shared.contracts.valuation.kpis import TargetOfPeriod, ValueKpiAnswer, ValueKpiRequest
from shared.contracts.values import Names, decimal_to_text, name_in
from shared.errors import FieldError, RuleBroken
from shared.etags import etag_of
from shared.tables.valuation.kpis import ValueKpi


def kpi_answer(row: ValueKpi, language: str) -> ValueKpiAnswer:
    """A row as callers see it."""
    return ValueKpiAnswer(
        **row.model_dump(exclude={"version"}),
        name=name_in(row.names, language),
        etag=etag_of(row.id, row.version),
    )


def stored_kpi(request: ValueKpiRequest) -> dict[str, Any]:
    """A request as the columns of a row; its formula must be readable."""
    return stored_fields(
        {name: getattr(request, name) for name in type(request).model_fields}, request.code
    )


def stored_fields(given: dict[str, Any], code: str) -> dict[str, Any]:
    """Fields of a request as columns: names as JSON, targets with decimals as text."""
    stored = dict(given)
    if given.get("formula") is not None:
        _check_formula(given["formula"], code)
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


def _check_formula(text: str, code: str) -> None:
    if code in parse_formula(text).names:
        message = f"the formula of {code} names itself"
        error = FieldError("/formula", "formula_cycle", message)
        raise RuleBroken(message, code="formula_cycle", errors=[error])
