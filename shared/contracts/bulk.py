"""Requests with many items, and what became of each of them."""

from typing import Any, Generic, Literal, TypeVar, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from shared.contracts.jobs import ProblemDocument
from shared.contracts.values import Contract

MAX_ITEMS = 10_000
ItemT = TypeVar("ItemT", bound=BaseModel)


class CheckedLater(Generic[ItemT]):
    """Documented as its item type, kept as it came, validated by `read_items`."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Anything goes in; the documents show the item's own schema."""
        (item,) = get_args(source)
        documented = handler.generate_schema(item)
        return core_schema.no_info_wrap_validator_function(
            lambda raw, _: raw,
            documented,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda raw: raw),
        )


class BulkRequest(Contract, Generic[ItemT]):
    """Up to 10,000 items, each read by itself: `BulkRequest[ItemModel]`."""

    items: list[CheckedLater[ItemT]] = Field(max_length=MAX_ITEMS)


class BulkResult(Contract):
    """What became of one item."""

    index: int
    status: Literal["created", "updated", "unchanged", "error"]
    id: str | None = None
    error: ProblemDocument | None = None


class BulkAnswer(Contract):
    """What became of all items, in their order."""

    results: list[BulkResult]
