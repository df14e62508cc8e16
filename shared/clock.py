"""The one place that asks what time it is."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present instant with its time zone."""
    return datetime.now(UTC)
