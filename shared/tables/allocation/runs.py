"""Runs of the allocation: what was asked, what came out, and the column chunks behind it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    code_column,
    id_column,
    instant_column,
    json_column,
    reference_column,
    text_column,
    version_column,
)


def _of_run() -> Any:
    return Field(
        sa_column=Column(
            UuidType, ForeignKey("allocation_run.id", ondelete="CASCADE"), primary_key=True
        )
    )


def _units() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False))


class AllocationRun(Table, table=True):
    """One run of a model version over a period; nothing of it changes once it has finished.

    `inputs_as_of` holds, per topic, the number of the last change of the facts that it used.
    Amounts in `totals` are decimals as text. `rewritten` counts how often personal data was taken
    out of the texts of its input; `fingerprint` stays that of the texts which it took.
    """

    __tablename__ = "allocation_run"

    id: UUID = id_column()
    status: str = text_column(default="queued")
    period: str = code_column()
    scenario: str = code_column()
    currency: str = text_column()
    model_version_id: UUID = reference_column("model_version.id")
    measures: list[str] = json_column(default=list)
    as_of: UUID | None = reference_column("allocation_run.id", nullable=True, index=False)
    on_missing_rate: str = text_column(default="refuse")
    rate_kind: str = Field(
        default="average", sa_column=Column(String, nullable=False, server_default="average")
    )
    emission_basis: str = Field(
        default="location", sa_column=Column(String, nullable=False, server_default="location")
    )
    reason: str | None = text_column(nullable=True)
    subject: str = text_column()
    inputs_as_of: dict[str, int] = json_column()
    fingerprint: str | None = text_column(nullable=True)
    output_hash: str | None = text_column(nullable=True)
    precision: dict[str, int] = json_column()
    totals: dict[str, Any] = json_column()
    unconverted: list[dict[str, Any]] = json_column(default=list)
    counts: dict[str, int] = json_column()
    timings_ms: dict[str, int] = json_column()
    accuracy: dict[str, Any] = json_column()
    findings: list[dict[str, Any]] = json_column(default=list)
    problem: dict[str, Any] | None = json_column(nullable=True)
    published: bool = Field(
        default=False, sa_column=Column(Boolean, nullable=False, server_default="false")
    )
    published_at: datetime | None = instant_column(nullable=True)
    published_by: str | None = text_column(nullable=True)
    rewritten: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    finished_at: datetime | None = instant_column(nullable=True)

    __table_args__ = (
        Index(
            "uq_allocation_run_published",
            "period",
            "scenario",
            unique=True,
            postgresql_where=text("published"),
        ),
        Index("ix_allocation_run_period_scenario_id", "period", "scenario", "id"),
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
        CheckConstraint("scenario in ('actual', 'budget', 'forecast')", name="scenario"),
        CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="status"
        ),
        CheckConstraint("on_missing_rate in ('refuse', 'set_aside')", name="on_missing_rate"),
        CheckConstraint("rate_kind in ('average', 'closing')", name="rate_kind"),
        CheckConstraint("emission_basis in ('location', 'market')", name="emission_basis"),
        CheckConstraint("status = 'succeeded' or not published", name="only_succeeded_published"),
        CheckConstraint(
            "status <> 'succeeded' or (fingerprint is not null and output_hash is not null)",
            name="succeeded_has_hashes",
        ),
    )


class RunChunk(Table, table=True):
    """A piece of a run's inputs or flows: Parquet or JSON, written once.

    Partitioned by the month in which the run was made, which its id (a UUIDv7) begins with.
    """

    __tablename__ = "run_chunk"
    __table_args__ = ({"postgresql_partition_by": "RANGE (run_id)"},)

    run_id: UUID = _of_run()
    name: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RunBalance(Table, table=True):
    """What an object got and did with it, per measure, in units of 10^-precision.

    own + received = passed_on + retained + unallocated. The lines' own account has no code.
    """

    __tablename__ = "run_balance"

    run_id: UUID = _of_run()
    measure: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    layer: str = code_column()
    code: str | None = code_column(nullable=True)
    parent: str | None = code_column(nullable=True)
    precision: int = Field(sa_column=Column(SmallInteger, nullable=False))
    own: int = _units()
    received: int = _units()
    passed_on: int = _units()
    retained: int = _units()
    unallocated: int = _units()

    __table_args__ = (
        CheckConstraint("own + received = passed_on + retained + unallocated", name="nothing_lost"),
    )


class RunUnallocated(Table, table=True):
    """Money that stayed on an object, and why; units of 10^-precision of its run."""

    __tablename__ = "run_unallocated"

    run_id: UUID = _of_run()
    measure: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    layer: str = code_column()
    code: str | None = code_column(nullable=True)
    reason: str = text_column()
    mapping: str | None = code_column(nullable=True)
    unknown_code: str | None = code_column(nullable=True)
    precision: int = Field(sa_column=Column(SmallInteger, nullable=False))
    units: int = _units()

    __table_args__ = (Index("ix_run_unallocated_layer_code", "layer", "code", "reason"),)
