"""Emission factors on the wire."""

import re
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from shared.contracts.values import Code, Contract, DecimalText, ExactText, Period

EmissionBasis = Literal["location", "market"]
SCOPES = range(1, 4)
_scope = re.compile(r"scope[ _-]*(\d.*)", re.IGNORECASE)


def _plain_scope(value: object) -> object:
    """`2`, `"2"`, `"scope 2"` and `"Scope_2"` all mean scope 2."""
    if isinstance(value, int) and not isinstance(value, bool) and value in SCOPES:
        return str(value)
    if not isinstance(value, str):
        return value
    found = _scope.fullmatch(value.strip())
    return found[1] if found else value


EmissionScope = Annotated[
    Code,
    BeforeValidator(_plain_scope),
    Field(description="GHG Protocol scope; `scope 2` is read as `2`", examples=["2"]),
]


class EmissionFactorRequest(Contract):
    """How much CO2e a kilowatt-hour stands for in a region, from a month on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"code": "grid-gb", "region": "GB", "scope": "2", "basis": "location",
                 "valid_from": "2026-01", "kg_per_kwh": "0.17731"}
            ]
        },
    )  # fmt: skip

    code: Code
    region: Code
    scope: EmissionScope
    basis: EmissionBasis
    valid_from: Period
    kg_per_kwh: Annotated[DecimalText, Field(ge=0)]


class EmissionFactorAnswer(Contract):
    """An emission factor; it holds until a newer one of its region, scope and basis begins."""

    id: UUID
    code: str
    region: str
    scope: str
    basis: EmissionBasis
    valid_from: str
    kg_per_kwh: ExactText
    etag: str
