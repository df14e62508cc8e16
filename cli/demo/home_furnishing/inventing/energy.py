"""What the machines draw, and what making them has emitted: one quantity a month and resource."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from cli.demo.home_furnishing.calendar import MONTHS

#: Resource -> kWh in the first month and in the published one: servers give way to the cloud.
KWH: Mapping[str, tuple[int, int]] = {
    "store-terminals": (30_000, 21_600),
    "servers": (64_800, 12_600),
    "warehouse-machines": (17_400, 24_600),
    "cloud": (14_400, 52_800),
}
#: Resource -> kg CO2e that a month of its machines' life stands for.
EMBODIED: Mapping[str, tuple[int, int]] = {
    "store-terminals": (7_200, 5_400),
    "servers": (5_400, 1_200),
    "warehouse-machines": (1_800, 2_400),
    "cloud": (1_200, 3_900),
}
DRIVERS = {"energy": KWH, "embodied-carbon": EMBODIED}


def energy_and_carbon(place: int) -> Iterator[tuple[str, str, str, int]]:
    """Driver, no source, resource and quantity of a month; months lie on straight lines."""
    way = Fraction(place, len(MONTHS) - 1)
    for driver, resources in DRIVERS.items():
        for resource, (first, last) in resources.items():
            yield driver, "", resource, round(first + (last - first) * way)
