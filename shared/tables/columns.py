"""Column kinds that every table uses: codes ordered by bytes, exact decimals, instants."""

from collections.abc import Callable
from datetime import date, datetime
from inspect import Signature
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.ids import new_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """Base of every table: one naming convention for its constraints."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def made_by(make: Callable[[], Any]) -> Callable[[], Any]:
    """A default for every row, with its signature at hand.

    For each new row pydantic asks for the signature; that of `list` takes it 0.3 ms to work out.
    """

    def new() -> Any:
        return make()

    setattr(new, "__signature__", Signature())  # noqa: B010  # functions declare no such field
    return new


def id_column() -> Any:
    """A UUIDv7 primary key."""
    return Field(default_factory=made_by(new_id), sa_column=Column(UuidType, primary_key=True))


def code_column(*, nullable: bool = False, unique: bool = False, index: bool = False) -> Any:
    """Text compared and ordered by its UTF-8 bytes, whatever the database's locale."""
    default = None if nullable else ...
    return Field(
        default=default,
        sa_column=Column(String(collation="C"), nullable=nullable, unique=unique, index=index),
    )


def text_column(*, nullable: bool = False, default: str | None = None) -> Any:
    """Plain text."""
    if nullable or default is not None:
        return Field(default=default, sa_column=Column(String, nullable=nullable))
    return Field(sa_column=Column(String, nullable=False))


def json_column(*, nullable: bool = False, default: Any = dict) -> Any:
    """JSON as JSONB; decimals in it are strings."""
    column: Column[Any] = Column(JSONB(none_as_null=True), nullable=nullable)
    if nullable:
        return Field(default=None, sa_column=column)
    return Field(default_factory=made_by(default), sa_column=column)


def amount_column(*, nullable: bool = False) -> Any:
    """An exact decimal: NUMERIC(38,18)."""
    default = None if nullable else ...
    return Field(default=default, sa_column=Column(Numeric(38, 18), nullable=nullable))


def big_integer_column(*, nullable: bool = False, default: int | None = 0) -> Any:
    """A 64-bit whole number."""
    return Field(default=default, sa_column=Column(BigInteger, nullable=nullable))


def integer_column(*, default: int = 0) -> Any:
    """A 32-bit whole number."""
    return Field(default=default, sa_column=Column(Integer, nullable=False))


def bytes_column(*, nullable: bool = False) -> Any:
    """Bytes as they are."""
    return Field(
        default=None if nullable else ..., sa_column=Column(LargeBinary, nullable=nullable)
    )


def instant_column(*, nullable: bool = False, now: bool = False) -> Any:
    """An instant with time zone; `now` lets the database fill it."""
    column: Column[datetime] = Column(
        DateTime(timezone=True),
        nullable=nullable,
        server_default=sql_text("now()") if now else None,
    )
    return Field(default=None, sa_column=column)


def day_column(*, nullable: bool = False) -> Any:
    """A calendar day."""
    column: Column[date] = Column(Date, nullable=nullable)
    return Field(default=None if nullable else ..., sa_column=column)


def one_of(column: str, *values: str) -> str:
    """The rule of a check constraint: one of these words (or nothing, in a nullable column)."""
    written = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({written})"


def reference_column(target: str, *, nullable: bool = False, index: bool = True) -> Any:
    """A foreign key to the id of another table."""
    column: Column[UUID] = Column(UuidType, ForeignKey(target), nullable=nullable, index=index)
    return Field(default=None if nullable else ..., sa_column=column)


def version_column() -> Any:
    """Counts the changes of a row; an ETag is made of it."""
    return Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
