"""The asset catalogue: some two thousand machines, licences and systems with their tags."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

HEADER = (
    "code", "names.en", "names.zh-CN", "class", "status", "vendor", "cost", "currency",
    "purchased_on", "useful_life_months", "kwh", "solution", "tags.business", "tags.energy",
)  # fmt: skip
HIGH_ENERGY_KWH = 90


@dataclass(frozen=True)
class Kind:
    """Assets of a kind: their names, prices in CNY, months of life and kWh a month."""

    code: str
    english: str
    chinese: str
    count: int
    prices: tuple[int, int]
    life: int
    kwh: int
    solution: str
    business: str = "core"


KINDS = (
    Kind("terminal", "Store terminal", "门店智能终端", 1180, (3200, 6800), 48, 18, "digital-store"),
    Kind("ar-mirror", "AR fitting mirror", "AR试装镜", 260, (9000, 16000), 48, 42, "ar-fitting"),
    Kind("server", "Server", "服务器", 140, (38000, 120000), 60, 310, "online-store"),
    Kind("robot", "Warehouse robot", "仓储机器人", 96, (85000, 160000), 84, 260, "smart-warehouse"),
    Kind("workstation", "Workstation", "设计工作站", 180, (14000, 32000), 48, 95, "bim-design"),
    Kind("network", "Network device", "网络设备", 150, (4000, 26000), 60, 65, "office", "non-core"),
    Kind("laptop", "Laptop", "笔记本电脑", 120, (5200, 9800), 36, 9, "office", "non-core"),
    Kind("system", "System", "业务系统", 14, (400000, 2600000), 60, 0, "erp"),
)  # fmt: skip

Row = tuple[str, ...]


def asset_rows() -> Iterator[Row]:
    """All assets with their header."""
    random = Random(2_140)
    yield HEADER
    for kind in KINDS:
        for number in range(1, kind.count + 1):
            yield _asset(kind, number, random)


def _asset(kind: Kind, number: int, random: Random) -> Row:
    price = random.randint(*kind.prices) // 100 * 100
    year, month, day = random.randint(2021, 2024), random.randint(1, 12), random.randint(1, 28)
    drawn = kind.kwh * random.randint(80, 120) // 100
    return (
        f"{kind.code}-{number:04}",
        f"{kind.english} {number}",
        f"{kind.chinese}{number}",
        kind.code,
        "in use" if random.random() < 0.95 else "in stock",
        f"{random.choice('甲乙丙丁')}供应商",
        f"{price}.00",
        "CNY",
        f"{year}-{month:02}-{day:02}",
        str(kind.life),
        str(drawn),
        kind.solution,
        kind.business,
        "high" if drawn >= HIGH_ENERGY_KWH else "low",
    )
