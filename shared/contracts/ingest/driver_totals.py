"""Totals of drivers on the wire: how much there was of each in each month."""

from pydantic import Field

from shared.contracts.values import Contract, ExactText, Period


class DriverMonth(Contract):
    """The quantity of one month."""

    period: Period
    quantity: ExactText


class DriverTotals(Contract):
    """A driver month by month; months without any quantity are left out."""

    driver: str
    known: bool = Field(description="Whether there is such a driver, sent or derived.")
    unit: str | None
    months: list[DriverMonth]


class DriverTotalsAnswer(Contract):
    """The totals of some drivers, in the order in which they were asked for."""

    first: Period = Field(alias="from")
    last: Period = Field(alias="to")
    scenario: str
    target: str | None
    source: str | None
    items: list[DriverTotals]
