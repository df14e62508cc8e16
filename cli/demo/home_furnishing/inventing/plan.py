"""What the furniture maker spends a month on which resource, and which solution uses it.

Two months are laid down, the first and the published one; the months between lie on straight lines.
Thousands of CNY.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from cli.demo.home_furnishing.calendar import MONTHS

#: Resource -> solution -> amount in the first month and in the published one.
USE: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "store-terminals": {"digital-store": (240, 120), "ar-fitting": (160, 80), "office": (100, 0)},
    "servers": {
        "bim-design": (170, 60), "ai-selection": (110, 0), "floor-plan-3d": (200, 0),
        "ar-matching": (120, 40), "mes": (150, 60), "smart-scheduling": (50, 40),
        "online-store": (390, 0), "precision-marketing": (40, 0), "crm": (130, 0),
        "after-sales": (70, 0), "office": (100, 0), "erp": (70, 50),
    },
    "warehouse-machines": {"smart-warehouse": (400, 300)},
    "cloud": {
        "ai-selection": (0, 150), "floor-plan-3d": (30, 100), "ar-matching": (0, 60),
        "smart-scheduling": (0, 80), "online-store": (150, 400), "precision-marketing": (40, 50),
        "crm": (80, 100), "office": (0, 60),
    },
    "design-software": {
        "bim-design": (90, 300), "ai-selection": (0, 130), "floor-plan-3d": (70, 260),
        "ar-matching": (40, 160), "ar-fitting": (0, 50),
    },
    "business-software": {
        "mes": (100, 260), "smart-scheduling": (0, 90), "smart-warehouse": (0, 60),
        "online-store": (0, 120), "digital-store": (0, 60), "crm": (120, 250),
        "after-sales": (0, 60), "office": (20, 100), "erp": (60, 80),
    },
    "operations": {
        "bim-design": (70, 80), "ai-selection": (30, 20), "floor-plan-3d": (60, 60),
        "ar-matching": (40, 40), "mes": (80, 80), "smart-scheduling": (40, 30),
        "smart-warehouse": (0, 60), "online-store": (120, 200), "ar-fitting": (10, 90),
        "digital-store": (30, 80), "precision-marketing": (0, 10), "crm": (90, 50),
        "after-sales": (50, 60), "office": (60, 80), "erp": (20, 10),
    },
    "it-team": {
        "bim-design": (100, 180), "ai-selection": (60, 80), "floor-plan-3d": (90, 120),
        "ar-matching": (50, 80), "mes": (90, 120), "smart-scheduling": (50, 60),
        "smart-warehouse": (20, 80), "online-store": (80, 180), "ar-fitting": (30, 80),
        "digital-store": (30, 60), "precision-marketing": (20, 40), "crm": (50, 100),
        "after-sales": (30, 40), "office": (20, 60), "erp": (30, 40),
    },
}  # fmt: skip
#: Resource -> pool -> per cent of the resource in the first month and in the published one.
POOLS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "store-terminals": {"hardware": (100, 100)},
    "servers": {"hardware": (100, 100)},
    "warehouse-machines": {"hardware": (100, 50), "services": (0, 50)},
    "cloud": {"services": (100, 100)},
    "design-software": {"software": (100, 100)},
    "business-software": {"software": (100, 100)},
    "operations": {"services": (100, 100)},
    "it-team": {"people": (100, 100)},
}
UNKNOWN = (250, 0)  # machines on bills that nobody could name yet
REGIONS = ("north", "east", "south", "central", "southwest", "northwest")
#: What shopping festivals and holidays add to the use of design tools by the online shop.
SEASON = (0, 30, -30, -30, -10, 20, 90, 20, 10, -60, -20, -20, 0)
ONLINE_CHANNEL = 1200  # IT cost of the e-commerce channel in a month without a season
DESIGN_ONLINE = ("floor-plan-3d", "ar-matching")  # what customers use themselves


@dataclass(frozen=True)
class Month:
    """One month in whole CNY: who uses what, and what cannot be named."""

    period: str
    use: Mapping[str, Mapping[str, int]]
    unknown: int
    online_sessions: Mapping[str, int]

    def resource(self, code: str) -> int:
        """All that a resource costs."""
        return sum(self.use[code].values())

    def solution(self, code: str) -> int:
        """All that a solution gets."""
        return sum(parts.get(code, 0) for parts in self.use.values())

    def pools(self, code: str) -> dict[str, int]:
        """The resource's cost by pool; the first pool takes the rest of the rounding."""
        whole = self.resource(code)
        others = {
            pool: _between(ends, self.period) * whole // 100_000_00 * 100
            for pool, ends in list(POOLS[code].items())[1:]
        }
        first = next(iter(POOLS[code]))
        return {first: whole - sum(others.values()), **others}


def month_of(period: str) -> Month:
    """The plan of a month."""
    use = {
        resource: {
            solution: amount
            for solution, ends in parts.items()
            if (amount := _between(ends, period)) > 0
        }
        for resource, parts in USE.items()
    }
    bare = Month(period, use, _between(UNKNOWN, period), {})
    return Month(period, use, bare.unknown, _sessions_online(bare))


def _sessions_online(month: Month) -> dict[str, int]:
    """The amount of each design tool that customers of the online shop use up."""
    wanted = (ONLINE_CHANNEL + SEASON[MONTHS.index(month.period)]) * 1000
    left = wanted - month.solution("online-store")
    first, second = DESIGN_ONLINE
    both = month.solution(first) + month.solution(second)
    part = left * month.solution(first) // both // 100 * 100
    return {first: part, second: left - part}


def _between(ends: tuple[int, int], period: str) -> int:
    """The value of a month in thousandths of the ends' unit, in whole hundreds."""
    way = Fraction(MONTHS.index(period), len(MONTHS) - 1)
    value = ends[0] + (ends[1] - ends[0]) * way
    return round(value * 10) * 100
