"""Rules as callers see them, and requests as rows."""

from typing import Any

from pydantic import ValidationError

from services.ingest.data_quality.rules.selectors import read_selector
from shared.changes import write_differences
from shared.clock import utc_now
from shared.contracts.ingest.data_quality import (
    QualityRuleAnswer,
    QualityRulePatch,
    QualityRuleRequest,
)
from shared.contracts.values import name_in
from shared.errors import FieldError, RuleBroken
from shared.http.etags import etag_of
from shared.http.problems import field_errors
from shared.line_fields import is_line_field
from shared.tables.ingest.data_quality import QualityRule

VALUES = (
    "scope", "scenario", "selector", "measure", "field", "currency", "operator", "threshold",
    "severity", "active",
)  # fmt: skip


def answer(row: QualityRule, language: str) -> QualityRuleAnswer:
    """A rule as callers see it."""
    return QualityRuleAnswer(
        **row.model_dump(exclude={"version"}),
        name=name_in(row.names, language),
        etag=etag_of(row.id, row.version),
    )


def check(request: QualityRuleRequest) -> None:
    """RuleBroken `bad_selector` or `bad_field` for what no line can be asked."""
    read_selector(request.selector)
    field = request.field
    if field is not None and (not is_line_field(field) or not _is_storable(field)):
        errors = [FieldError("/field", "bad_field", "no field of a cost line")]
        raise RuleBroken(f"{field!r} is no field of a cost line", code="bad_field", errors=errors)


def new_row(request: QualityRuleRequest) -> QualityRule:
    """A rule that does not exist yet."""
    now = utc_now()
    return QualityRule(code=request.code, created_at=now, updated_at=now, **_values(request))


def apply(row: QualityRule, request: QualityRuleRequest) -> bool:
    """Write a request into a rule; whether anything changed."""
    return write_differences(row, _values(request))


def patched(row: QualityRule, patch: QualityRulePatch) -> QualityRuleRequest:
    """The whole rule after a merge patch; RuleBroken when that is not valid."""
    after = row.model_dump(include={"code", "names", *VALUES})
    after |= patch.model_dump(exclude_unset=True, by_alias=True)
    try:
        return QualityRuleRequest.model_validate(after)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RuleBroken(
            "the rule would not be valid", code="invalid", errors=field_errors(found)
        ) from None


def _values(request: QualityRuleRequest) -> dict[str, Any]:
    values = {name: getattr(request, name) for name in VALUES}
    return values | {"names": request.names.stored()}


def _is_storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
