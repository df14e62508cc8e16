"""The ledger: every month's bills, in fen, as a finance system writes them out."""

from collections.abc import Iterator
from random import Random

from cli.demo.home_furnishing.calendar import MONTHS
from cli.demo.home_furnishing.inventing.plan import POOLS, Month, month_of
from cli.demo.home_furnishing.inventing.splitting import split_evenly_enough

HEADER = (
    "凭证行号", "记账日期", "科目", "科目名称", "成本中心", "供应商", "IT资源", "支出类型", "金额",
)  # fmt: skip
ACCOUNTS = {
    "hardware": ("6601.01", "硬件租赁与折旧"),
    "software": ("6601.02", "软件许可与开发"),
    "services": ("6601.03", "云与运维服务"),
    "people": ("6601.04", "信息技术人员薪酬"),
}
RESOURCES = {
    "store-terminals": "门店智能终端",
    "servers": "服务器",
    "warehouse-machines": "智能仓储设备",
    "cloud": "云平台",
    "design-software": "设计软件",
    "business-software": "业务软件",
    "operations": "运维外包",
    "it-team": "IT团队",
}
UNKNOWN = "待确认设备"
LINES = {"people": 24, "services": 20, "software": 16, "hardware": 18}
CENTRES = ("信息中心", "门店运营部", "供应链中心", "设计中心", "电商事业部")
VENDORS = {
    "hardware": ("甲设备租赁", "乙服务器厂商", "丙终端厂商"),
    "software": ("甲软件", "乙设计软件", "自研团队"),
    "services": ("甲云服务商", "乙运维服务商", "丙实施服务商"),
    "people": ("薪酬发放",),
}
OTHERS = (("6602.01", "门店租金"), ("6602.02", "广告投放"), ("6603.01", "物流运费"))

Row = tuple[str, ...]


def ledger_rows() -> Iterator[Row]:
    """All rows with their header; some of them are not IT at all."""
    random = Random(20_250_626)
    yield HEADER
    for period in MONTHS:
        for number, row in enumerate(_rows_of(month_of(period), random), 1):
            yield (f"{period.replace('-', '')}-{number:04}", *row)


def _rows_of(month: Month, random: Random) -> Iterator[Row]:
    for resource in POOLS:
        for pool, amount in month.pools(resource).items():
            if amount:
                yield from _bills(month.period, pool, RESOURCES[resource], amount, random)
    if month.unknown:
        yield from _bills(month.period, "hardware", UNKNOWN, month.unknown, random)
    for account, name in OTHERS:
        for amount in split_evenly_enough(260_000_000, 3, random):
            vendor, centre = f"其他供应商{random.randint(1, 9)}", random.choice(CENTRES)
            day = _day(month.period, random)
            yield (day, account, name, centre, vendor, "", "费用性", _yuan(amount))


def _bills(period: str, pool: str, resource: str, amount: int, random: Random) -> Iterator[Row]:
    account, name = ACCOUNTS[pool]
    for part in split_evenly_enough(amount * 100, LINES[pool], random):
        kind = "资本性" if pool in {"hardware", "software"} and random.random() < 0.3 else "费用性"
        yield (
            _day(period, random),
            account,
            name,
            random.choice(CENTRES),
            random.choice(VENDORS[pool]),
            resource,
            kind,
            _yuan(part),
        )


def _day(period: str, random: Random) -> str:
    return f"{period}-{random.randint(1, 28):02}"


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
