"""Emission factors: how much CO2e a kilowatt-hour stands for; versions are never overwritten."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, text
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    id_column,
    text_column,
    version_column,
)


class EmissionFactor(Table, table=True):
    """Kilograms of CO2e per kWh in a region from a month on, until a newer factor begins.

    A version is live from the change `live_from` until the change `live_to` (null: still live).
    """

    __tablename__ = "emission_factor"

    id: UUID = id_column()
    code: str = code_column()
    region: str = code_column()
    scope: str = code_column()
    basis: str = text_column()
    valid_from: str = code_column()
    kg_per_kwh: Decimal = amount_column()
    live_from: int = Field(sa_column=Column(BigInteger, nullable=False))
    live_to: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    version: int = version_column()

    __table_args__ = (
        Index(
            "uq_emission_factor_live",
            "region",
            "scope",
            "basis",
            "valid_from",
            unique=True,
            postgresql_where=text("live_to is null"),
        ),
        Index("ix_emission_factor_code", "code"),
        CheckConstraint("basis in ('location', 'market')", name="basis"),
        CheckConstraint("valid_from ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="valid_from"),
        CheckConstraint("kg_per_kwh >= 0", name="kg_per_kwh"),
        CheckConstraint("live_to > live_from", name="live"),
    )
