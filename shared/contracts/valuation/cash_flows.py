"""What initiatives pay and earn, on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.days import Day
from shared.contracts.valuation.initiatives import Basis, Category
from shared.contracts.values import Code, Contract, DecimalText, ExactText, Instant, Text


class CashFlowRequest(Contract):
    """A payment of an initiative; out is negative.

    Known by `external_id`; without one by its content and its place among equal rows of the
    same request, so that the same request twice adds nothing.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "external_id": "inv-1",
                    "on": "2026-01-15",
                    "amount": "-5000000",
                    "category": "investment",
                    "basis": "plan",
                }
            ]
        }
    )

    external_id: Code | None = None
    on: Day
    amount: DecimalText = Field(examples=["-20000000"])
    category: Category
    basis: Basis = "plan"
    note: Text | None = None


class CashFlowOfInitiative(CashFlowRequest):
    """A payment that names its initiative, so that one call brings those of many."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "initiative": "crm-2026",
                    "external_id": "inv-1",
                    "on": "2026-01-15",
                    "amount": "-5000000",
                    "category": "investment",
                    "basis": "actual",
                }
            ]
        }
    )

    initiative: Code = Field(examples=["crm-2026"])


class CashFlowAnswer(Contract):
    """A payment as it is kept."""

    id: UUID
    etag: str
    initiative: str
    external_id: str | None
    on: Day
    amount: ExactText
    category: Category
    basis: Basis
    note: str | None
    created_at: Instant
    updated_at: Instant
