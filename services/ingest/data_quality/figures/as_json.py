"""Figures of a period as the JSON in which they are kept."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.ingest.data_quality.domain import (
    Money,
    Payment,
    PaymentPair,
    PeriodFigures,
    SourceFigures,
)


def figures_from_json(content: Mapping[str, Any]) -> PeriodFigures:
    """The figures; decimals are texts in the JSON."""
    return PeriodFigures(
        sources={name: _source(kept) for name, kept in content["sources"].items()},
        doubles={
            (source, currency, days): (pairs, Decimal(amount))
            for source, currency, days, pairs, amount in content["doubles"]
        },
        pairs=[
            PaymentPair(vendor, Decimal(amount), currency, days, Payment(*first), Payment(*second))
            for vendor, amount, currency, days, first, second in content["pairs"]
        ],
    )


def _source(kept: Mapping[str, Any]) -> SourceFigures:
    money = {
        currency: Money(rows, Decimal(amount), Decimal(gross))
        for currency, rows, amount, gross in kept["money"]
    }
    return SourceFigures(
        rows=sum(one.rows for one in money.values()),
        filled=kept["filled"],
        first_at=datetime.fromisoformat(kept["first_at"]),
        last_at=datetime.fromisoformat(kept["last_at"]),
        money=money,
        groups={
            ("source", None, currency): (one.rows, one.amount) for currency, one in money.items()
        }
        | {
            (dimension, key, currency): (rows, Decimal(amount))
            for dimension, key, currency, rows, amount in kept["groups"]
        },
    )
