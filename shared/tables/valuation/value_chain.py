"""The stages of the value chain: their names in both languages and their order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.tables.columns import (
    Table,
    code_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    version_column,
)


class ValueChainStage(Table, table=True):
    """A stage of the value chain; solutions, KPIs and initiatives name it by its code."""

    __tablename__ = "value_chain_stage"

    id: UUID = id_column()
    code: str = code_column(unique=True)
    names: dict[str, Any] = json_column()
    description: dict[str, Any] | None = json_column(nullable=True)
    position: int = integer_column()
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()
