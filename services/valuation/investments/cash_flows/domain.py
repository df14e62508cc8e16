"""What a cash flow of an initiative is known by."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.money import plain


@dataclass(frozen=True)
class Payment:
    """A cash flow as it was sent."""

    external_id: str | None
    on: date
    amount: Decimal
    category: str
    basis: str
    note: str | None


def natural_keys(payments: Sequence[Payment | None]) -> Iterator[str | None]:
    """A key for each payment: its external id, else its content and its ordinal among equals.

    So equal rows of one request are all kept, and the same request again adds nothing.
    None (a row that could not be read) gives None.
    """
    met: dict[str, int] = {}
    for payment in payments:
        if payment is None:
            yield None
        elif payment.external_id is not None:
            yield f"id:{payment.external_id}"
        else:
            content = _content(payment)
            met[content] = met.get(content, 0) + 1
            yield f"row:{content}:{met[content]}"


def _content(payment: Payment) -> str:
    parts = [
        payment.on.isoformat(),
        plain(payment.amount),
        payment.category,
        payment.basis,
        payment.note,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
