"""The months of the furniture maker: those with bills, and those with measurements."""

from shared.periods import period_range

FIRST_MONTH = "2024-05"  # the first with an allocation run, before most of the changes
CASE_MONTH = "2025-05"  # the one whose figures were published
LAST_YEAR = ("2024-06", CASE_MONTH)
MONTHS = tuple(period_range(FIRST_MONTH, CASE_MONTH))
MEASURED = tuple(period_range("2022-05", CASE_MONTH))
