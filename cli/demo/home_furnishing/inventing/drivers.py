"""What was measured of the use of resources and solutions; unit costs make the money exact."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from cli.demo.home_furnishing.calendar import MONTHS
from cli.demo.home_furnishing.inventing.energy import energy_and_carbon
from cli.demo.home_furnishing.inventing.plan import DESIGN_ONLINE, REGIONS, USE, Month, month_of
from cli.demo.home_furnishing.inventing.splitting import split_by

HEADER = ("driver", "period", "source", "target", "quantity")
OWN_STORES = "channel/own-stores"
DEALERS = tuple(f"dealers/{region}" for region in REGIONS)
ONLINE = tuple(f"e-commerce/{region}" for region in REGIONS)
DEPARTMENTS = {
    "dept/design-centre": 140,
    "dept/production": 620,
    "dept/supply-chain": 180,
    "dept/sales": 240,
    "dept/after-sales": 120,
    "dept/finance-and-hr": 100,
}
#: Driver of each shared resource, and how many CNY one unit of it costs.
OF_RESOURCE: Mapping[str, tuple[str, int]] = {
    "store-terminals": ("terminal-hours", 4),
    "servers": ("server-hours", 5),
    "cloud": ("cloud-hours", 2),
    "design-software": ("design-seats", 500),
    "business-software": ("licence-seats", 200),
    "operations": ("support-hours", 100),
    "it-team": ("work-hours", 80),
}
STORES = {"north": 62, "east": 118, "south": 104, "central": 83, "southwest": 71, "northwest": 42}
OWN_STORE_COUNT = 20
NEW_STORES = 500  # opened from the first month to the published one
SALES = {"north": 14, "east": 31, "south": 24, "central": 13, "southwest": 11, "northwest": 7}
CLOUD_CORE_HOURS = (720_000, 3_200_000)
CNY_A_SESSION = 20

Row = tuple[str, ...]


def driver_rows() -> Iterator[Row]:
    """All quantities with their header."""
    yield HEADER
    for place, period in enumerate(MONTHS):
        month = month_of(period)
        for driver, source, target, quantity in _quantities(month, place):
            yield (driver, period, source, target, str(quantity))


def _quantities(month: Month, place: int) -> Iterator[tuple[str, str, str, int | Decimal]]:
    for resource, (driver, price) in OF_RESOURCE.items():
        for solution in USE[resource]:
            if amount := month.use[resource].get(solution):
                yield driver, "", solution, Decimal(amount) / price
    way = Fraction(place, len(MONTHS) - 1)
    first, last = CLOUD_CORE_HOURS
    yield "cloud-core-hours", "", "cloud", round(first + (last - first) * way)
    yield from _sessions(month)
    for target, stores in _stores(place).items():
        yield "store-count", "", target, stores
        traffic = stores * (900 + 37 * (len(target) + place) % 170)
        yield "customer-traffic", "", target, traffic
        yield "reached-customers", "", target, stores * 1000
    for target, region in zip(ONLINE, REGIONS, strict=True):
        yield "regional-sales", "", target, SALES[region] * 1_500_000 + place * 11_000
    for target, people in DEPARTMENTS.items():
        yield "headcount", "", target, people
    yield from energy_and_carbon(place)


def _sessions(month: Month) -> Iterator[tuple[str, str, str, int | Decimal]]:
    """Sessions of the design tools: online customers, own stores, dealers, designers."""
    for tool in DESIGN_ONLINE:
        online = month.online_sessions[tool] // CNY_A_SESSION
        for target, part in zip(ONLINE, split_by(list(SALES.values()), online), strict=True):
            yield "design-sessions", tool, target, part
        rest = (month.solution(tool) - month.online_sessions[tool]) // CNY_A_SESSION
        weights = [40.0, *STORES.values()]
        targets = (OWN_STORES, *DEALERS)
        for target, part in zip(targets, split_by(weights, rest), strict=True):
            yield "design-sessions", tool, target, part
    whole = month.solution("ai-selection") // CNY_A_SESSION
    in_stores = whole * 2 // 5
    yield "design-sessions", "ai-selection", OWN_STORES, in_stores
    yield "design-sessions", "ai-selection", "dept/design-centre", whole - in_stores


def _stores(place: int) -> dict[str, int]:
    """Stores of each dealer region and our own."""
    opened = NEW_STORES * place // (len(MONTHS) - 1)
    shares = split_by(list(STORES.values()), sum(STORES.values()) + opened)
    return {OWN_STORES: OWN_STORE_COUNT, **dict(zip(DEALERS, shares, strict=True))}
