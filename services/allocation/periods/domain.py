"""Closing and reopening a month."""

from shared.errors import Conflict

OPEN, CLOSED = "open", "closed"


def check_can_close(state: str, period: str) -> None:
    """Only an open month can be closed."""
    if state == CLOSED:
        raise Conflict(f"{period} is closed already", code="period_closed")


def check_can_reopen(state: str, period: str) -> None:
    """Only a closed month can be reopened."""
    if state != CLOSED:
        raise Conflict(f"{period} is open", code="period_open")
