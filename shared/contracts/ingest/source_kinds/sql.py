"""The config of a source that is a database."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from shared.contracts.ingest.source_kinds.base import ColumnName, PulledConfig
from shared.contracts.values import Label


class SqlConfig(PulledConfig):
    """One SELECT over a database that is only read.

    The secret is the password, or `{"user", "password"}`. `sqlite` names a file in a folder that
    the operator has listed; the others a listed host.
    """

    driver: Literal["postgresql", "sqlite", "mysql", "mssql", "oracle"]
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,253}$")] | None = None
    port: int | None = Field(default=None, ge=1, le=65_535)
    database: Label = Field(
        description="The name of the database; for sqlite the path of its file."
    )
    user: Label | None = None
    tls: Literal["disable", "prefer", "require", "verify-full"] = Field(
        default="prefer", description="For postgresql: how the connection is protected."
    )
    query: Annotated[str, StringConstraints(min_length=8, max_length=20_000)] = Field(
        description="One SELECT, without ORDER BY and LIMIT.",
        examples=["SELECT id, posted_on, amount, currency, changed_at FROM gl_item"],
    )
    watermark_column: ColumnName | None = Field(
        default=None, description="The column of the answer that says when a row was changed."
    )
    key: list[ColumnName] = Field(
        min_length=1,
        max_length=10,
        description="Columns of the answer that together tell rows apart; they order the pages.",
    )
    page_size: int = Field(default=5000, ge=1, le=100_000)

    @model_validator(mode="after")
    def _has_a_place(self) -> "SqlConfig":
        if self.driver != "sqlite" and not self.host:
            raise ValueError(f"{self.driver} needs host")
        return self
