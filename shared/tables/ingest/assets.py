"""Assets of the CMDB, version by version, and what allocation was told of them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, text
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    instant_column,
    json_column,
    text_column,
)

_LIVE = text("live_to is null")


class Asset(Table, table=True):
    """Something bought and used for years. `asset_id` is the same in every version of a code.

    A version is live from the change `live_from` until the change `live_to` (null: still live).
    `life_ends` is the last month of the useful life: it follows from `purchased_on` and
    `useful_life_months` and is kept so that lists can be ordered by it.
    """

    __tablename__ = "asset"

    id: UUID = Field(
        default=None,
        sa_column=Column(UuidType, primary_key=True, server_default=text("uuidv7()")),
    )
    asset_id: UUID = Field(sa_column=Column(UuidType, nullable=False))
    code: str = code_column()
    names: dict[str, str] = json_column()
    asset_class: str | None = code_column(nullable=True)
    status: str | None = code_column(nullable=True)
    vendor: str | None = code_column(nullable=True)
    serial_number: str | None = code_column(nullable=True)
    cost: Decimal | None = amount_column(nullable=True)
    currency: str | None = code_column(nullable=True)
    residual_value: Decimal | None = amount_column(nullable=True)
    purchased_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    useful_life_months: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    life_ends: str | None = code_column(nullable=True)
    capacity: Decimal | None = amount_column(nullable=True)
    utilisation_driver: str | None = code_column(nullable=True)
    kwh: Decimal | None = amount_column(nullable=True)
    embodied_kgco2e: Decimal | None = amount_column(nullable=True)
    tower: str | None = code_column(nullable=True)
    solution: str | None = code_column(nullable=True)
    consumer: str | None = code_column(nullable=True)
    tags: dict[str, str] = json_column()
    row_no: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    import_id: UUID | None = Field(default=None, sa_column=Column(UuidType, nullable=True))
    live_from: int = Field(sa_column=Column(BigInteger, nullable=False))
    live_to: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    closed_by: UUID | None = Field(default=None, sa_column=Column(UuidType, nullable=True))

    __table_args__ = (
        Index("uq_asset_live", "code", unique=True, postgresql_where=_LIVE),
        Index("uq_asset_live_id", "asset_id", unique=True, postgresql_where=_LIVE),
        Index("ix_asset_code_live_from", "code", "live_from"),
        Index("ix_asset_live_life_ends", "life_ends", "code", postgresql_where=_LIVE),
        Index("ix_asset_import_id", "import_id"),
        CheckConstraint("cost >= 0", name="cost"),
        CheckConstraint("cost is null or currency is not null", name="currency"),
        CheckConstraint(
            "residual_value >= 0 and (cost is null or residual_value <= cost)",
            name="residual_value",
        ),
        CheckConstraint("useful_life_months > 0", name="useful_life_months"),
        CheckConstraint("capacity >= 0", name="capacity"),
        CheckConstraint("kwh >= 0", name="kwh"),
        CheckConstraint("embodied_kgco2e >= 0", name="embodied_kgco2e"),
        CheckConstraint("life_ends ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="life_ends"),
        CheckConstraint("live_to > live_from", name="live"),
    )


class AssetObject(Table, table=True):
    """What allocation answered when an asset was sent to it as a resource.

    `told` is the change number of the version that was sent; `code` and `message` say why it was
    refused, and are null when it was taken.
    """

    __tablename__ = "asset_object"

    asset_id: UUID = Field(sa_column=Column(UuidType, primary_key=True))
    told: int = Field(sa_column=Column(BigInteger, nullable=False))
    code: str | None = text_column(nullable=True)
    message: str | None = text_column(nullable=True)
    told_at: datetime = instant_column(now=True)
