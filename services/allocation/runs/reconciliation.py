"""The way of the money in steps, from what the imports accepted to what consumers are billed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from services.allocation.engine.totals import exact_sum
from services.allocation.runs import repository
from services.allocation.runs.line_index import facts_of
from services.allocation.runs.seen_run import SeenRun
from shared.contracts.allocation.runs import ReconciliationEntry, ReconciliationStep
from shared.money import EXACT, from_units

Side = Sequence[tuple[str, Decimal]]
ZERO = Decimal(0)

WORDS = {
    "imports": ("Imports against lines", "导入与明细行"),
    "conversion": ("Lines in one currency", "折算为同一币种"),
    "scope": ("In and out of scope", "范围内与范围外"),
    "input": ("Input to pools", "投入到成本池"),
    "pool": ("Out of cost pools", "成本池的去向"),
    "resource": ("Out of resources", "资源的去向"),
    "solution": ("Out of solutions", "解决方案的去向"),
    "result": ("Input against result", "投入与结果"),
    "accepted": ("accepted from", "已接受："),
    "pushed": ("lines sent one by one", "逐行发送的明细"),
    "live": ("lines of this run", "本次运行的明细"),
    "closed": ("replaced or taken back", "已被替换或撤回"),
    "elsewhere": ("other months or scenarios", "其他月份或场景"),
    "at_rate": ("at", "汇率"),
    "lines": ("lines", "明细行"),
    "out_of_scope": ("out of scope", "范围外"),
    "from_lines": ("in scope", "范围内"),
    "own": ("amounts of objects' own", "对象自有金额"),
    "to_pools": ("received by pools", "成本池收到"),
    "no_pool": ("lines without a pool", "未归入成本池的明细"),
    "residual": ("rounding of exchange rates", "汇率折算尾差"),
    "holding": ("had", "拥有"),
    "passed_on": ("passed on", "已转出"),
    "retained": ("retained", "留存"),
    "unallocated": ("unallocated", "未分摊"),
    "total_input": ("input", "投入"),
    "consumers": ("consumers", "使用方"),
}


def steps(session: Session, seen: SeenRun) -> list[ReconciliationStep]:
    """All steps; imports and conversion only for cost, which alone comes from lines."""
    writer = _Writer(seen)
    found: list[ReconciliationStep] = []
    if seen.measure == 0:
        found += writer.import_steps(repository.import_sums(session, facts_of(seen.run).bound()))
        found.append(writer.conversion())
    found += [writer.scope(), writer.into_pools()]
    found += [writer.layer(layer) for layer in ("pool", "resource", "solution")]
    return [*found, writer.outcome()]


class _Writer:
    """Writes the steps of one run in one language."""

    def __init__(self, seen: SeenRun) -> None:
        self.seen = seen
        self.result = seen.result
        self.measure = self.result.measures[seen.measure]
        self.totals = self.result.totals[self.measure]
        self.unit = seen.run.currency if seen.measure == 0 else self.measure

    def word(self, key: str) -> str:
        return WORDS[key][1 if self.seen.language == "zh-CN" else 0]

    def amount(self, units: int) -> Decimal:
        return from_units(units, self.seen.precision)

    def step(self, name: str, currency: str, left: Side, right: Side) -> ReconciliationStep:
        return ReconciliationStep(
            name=name,
            title=self.word(name.partition(":")[0]),
            currency=currency,
            left=[ReconciliationEntry(label=label, amount=amount) for label, amount in left],
            right=[ReconciliationEntry(label=label, amount=amount) for label, amount in right],
            difference=EXACT.subtract(_sum(left), _sum(right)),
        )

    def import_steps(self, rows: Sequence[Any]) -> list[ReconciliationStep]:
        """Per currency: what each import says it accepted, and where those lines are now."""
        found = []
        for currency in sorted({row[2] for row in rows}):
            mine = [row for row in rows if row[2] == currency]
            left = [(self.label(row), self.accepted(row)) for row in mine]
            right = [
                (self.word(key), _sum([("", row[place]) for row in mine]))
                for key, place in (("live", 4), ("closed", 5), ("elsewhere", 6))
            ]
            found.append(self.step("imports", currency, left, right))
        return found

    def label(self, row: Any) -> str:
        return f"{self.word('accepted')} {row[1]}" if row[0] else self.word("pushed")

    def accepted(self, row: Any) -> Decimal:
        """The import's own total of accepted rows; for pushed lines their sum."""
        for one in row[7] or []:
            if one["currency"] == row[2]:
                return Decimal(str(one["accepted"]))
        return Decimal(row[3])

    def conversion(self) -> ReconciliationStep:
        """Per currency its exact total at its rate; lines set aside have no amount here."""
        groups, rates = self.result.groups, self.result.rates
        sums: dict[str, int] = {}
        for code, amount in zip(groups.currency.texts(), groups.amounts, strict=True):
            sums[str(code)] = sums.get(str(code), 0) + amount
        left = []
        for code, exact in sorted(sums.items()):
            rate = Decimal(1) if code == self.result.currency else rates[code]
            total = from_units(exact, 18)
            label = f"{total.normalize(EXACT):f} {code} {self.word('at_rate')} {rate.normalize():f}"
            left.append((label, EXACT.multiply(total, rate)))
        return self.step("conversion", self.unit, left, [(self.word("lines"), self.totals.lines)])

    def scope(self) -> ReconciliationStep:
        left = [(self.word("lines"), self.totals.lines), (self.word("own"), self.totals.own)]
        inside = EXACT.subtract(self.totals.input, self.totals.own)
        right = [
            (self.word("out_of_scope"), self.totals.out_of_scope),
            (self.word("from_lines"), inside),
            (self.word("own"), self.totals.own),
        ]
        return self.step("scope", self.unit, left, right)

    def into_pools(self) -> ReconciliationStep:
        """The input is what pools got, what found no pool, own amounts, and the residual."""
        balances, place = self.result.balances, self.seen.measure
        line, pools = self.result.numbering.line, self.result.numbering.layers["pool"]
        stretch = slice(pools.first, pools.first + len(pools))
        own = exact_sum(balances.own[place, :line])
        right = [
            (self.word("to_pools"), self.amount(exact_sum(balances.received[place, stretch]))),
            (self.word("no_pool"), self.amount(int(balances.unallocated[place, line]))),
            (self.word("own"), self.amount(own)),
            (self.word("residual"), self.totals.residual),
        ]
        return self.step("input", self.unit, [(self.word("total_input"), self.totals.input)], right)

    def layer(self, name: str) -> ReconciliationStep:
        """What the objects of a layer had is what they passed on and kept."""
        members, balances = self.result.numbering.layers[name], self.result.balances
        stretch = slice(members.first, members.first + len(members))
        place = self.seen.measure

        def summed(which: str) -> Decimal:
            return self.amount(exact_sum(getattr(balances, which)[place, stretch]))

        right = [(self.word(key), summed(key)) for key in ("passed_on", "retained", "unallocated")]
        return self.step(name, self.unit, [(self.word("holding"), summed("holding"))], right)

    def outcome(self) -> ReconciliationStep:
        """The whole input is with consumers, retained, unallocated, or the residual."""
        right = [
            (self.word(key), getattr(self.totals, key))
            for key in ("consumers", "retained", "unallocated", "residual")
        ]
        return self.step(
            "result", self.unit, [(self.word("total_input"), self.totals.input)], right
        )


def _sum(side: Side) -> Decimal:
    total = ZERO
    for _, amount in side:
        total = EXACT.add(total, amount)
    return total
