"""What an order of a report must keep to: the parameters of its type, and who may have it."""

from sqlmodel import Session

from services.valuation.reporting.reports import repository
from shared.auth import Caller
from shared.contracts.valuation.reports import ReportParameters
from shared.errors import FieldError, Forbidden, RuleBroken

_TAKES: dict[str, set[str]] = {
    "cost-value-distribution": {"months"},
    "it-spend-overview": {"months"},
    "consumer-statement": {"months", "consumer"},
    "value-analysis": {"discount_rate"},
    "unallocated-and-data-quality": {"months"},
}
_EXTRA = ("months", "consumer", "discount_rate")
FOR_ADMINS = "compliance"


def check_parameters(session: Session, report_type: str, parameters: ReportParameters) -> None:
    """422 with a pointer for each parameter that is missing, unknown or of no use to the type."""
    takes = _TAKES.get(report_type, set())
    errors = [
        FieldError(f"/parameters/{name}", "parameter_not_used", f"{report_type} takes no {name}")
        for name in _EXTRA
        if getattr(parameters, name) is not None and name not in takes
    ]
    errors += _consumer_errors(session, report_type, parameters)
    if errors:
        raise RuleBroken(errors[0].message, code=errors[0].code, errors=errors)


def _consumer_errors(
    session: Session, report_type: str, parameters: ReportParameters
) -> list[FieldError]:
    if report_type != "consumer-statement":
        return []
    pointer = "/parameters/consumer"
    if parameters.consumer is None:
        return [FieldError(pointer, "consumer_missing", "say whose statement it is")]
    if not repository.consumer_exists(session, parameters.consumer):
        message = f"there is no consumer {parameters.consumer!r}"
        return [FieldError(pointer, "unknown_consumer", message)]
    return []


def check_may_have(caller: Caller, report_type: str) -> None:
    """403 `admin_only` for the audit trails of all services in the hands of any reader."""
    if report_type == FOR_ADMINS and not caller.may("valuation:admin"):
        raise Forbidden("compliance reports need the scope valuation:admin", code="admin_only")


def check_order(
    session: Session, caller: Caller, report_type: str, parameters: ReportParameters
) -> None:
    """Everything that can be said against an order before anybody is asked for figures."""
    check_may_have(caller, report_type)
    check_parameters(session, report_type, parameters)
