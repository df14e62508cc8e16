"""Tickets of the service desk: every month they are solved a little sooner."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from cli.demo.home_furnishing.calendar import MONTHS

HEADER = (
    "number", "kind", "service", "solution", "consumer", "opened_at", "resolved_at", "state",
    "priority", "category", "assignment_group", "sla_met", "reopen_count",
)  # fmt: skip
A_MONTH = 36
HOURS = (9.5, 4.2)  # on average, in the first month and in the published one
SLA_HOURS = 12
ASKED_BY = {
    "digital-store": ("dealers/east", "dealers/south", "channel/own-stores"),
    "crm": ("dealers/north", "channel/own-stores"),
    "online-store": ("e-commerce/east", "e-commerce/south"),
    "mes": ("dept/production",),
    "floor-plan-3d": ("dept/design-centre", "channel/own-stores"),
    "office": ("dept/sales", "dept/finance-and-hr"),
}
CATEGORIES = ("access", "failure", "question", "device")

Row = tuple[str, ...]


def ticket_rows() -> Iterator[Row]:
    """All tickets with their header."""
    random = Random(1_312)
    yield HEADER
    for place, period in enumerate(MONTHS):
        mean = HOURS[0] + (HOURS[1] - HOURS[0]) * place / (len(MONTHS) - 1)
        for number in range(1, A_MONTH + 1):
            yield _ticket(period, number, mean, random)


def _ticket(period: str, number: int, mean: float, random: Random) -> Row:
    year, month = (int(part) for part in period.split("-"))
    opened = datetime(year, month, random.randint(1, 27), random.randint(0, 10), 15, tzinfo=UTC)
    minutes = round(60 * mean * random.uniform(0.3, 1.7))
    solution = random.choice(list(ASKED_BY))
    return (
        f"INC{period.replace('-', '')}{number:03}",
        "incident",
        solution,
        solution,
        random.choice(ASKED_BY[solution]),
        _instant(opened),
        _instant(opened + timedelta(minutes=minutes)),
        "resolved",
        str(random.randint(2, 4)),
        random.choice(CATEGORIES),
        random.choice(("service desk", "store support", "applications")),
        "true" if minutes <= 60 * SLA_HOURS else "false",
        "1" if random.random() < 0.06 else "0",
    )


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
