"""Joins what the stages of a value chain cost with what they earn; exact, each cent once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

from services.valuation.measures.value_kpis.domain import round_fraction
from shared.money import EXACT, add_exactly, from_units, settle_exact

SHARE_DECIMALS = 12
PARTS = (
    "solutions_without_stage",
    "consumers_directly",
    "retained_elsewhere",
    "unallocated_elsewhere",
    "residual",
)
"""Of what the cost consists that belongs to no stage."""


@dataclass(frozen=True)
class SolutionCost:
    """A solution's cost less what it passed on to other solutions, and what of it stayed."""

    code: str
    name: str
    amount: Decimal
    retained: Decimal = Decimal(0)
    unallocated: Decimal = Decimal(0)


@dataclass(frozen=True)
class StageFigures:
    """Cost and value of one stage (None: of no stage) with their shares of the whole."""

    stage: str | None
    cost: Decimal
    cost_share: Decimal | None
    value: Decimal | None
    value_share: Decimal | None

    @classmethod
    def nothing(cls, stage: str, like: "StageFigures") -> "StageFigures":
        """A stage without cost and value, beside others."""
        share = None if like.cost_share is None else Decimal(0)
        return cls(stage, Decimal(0), share, None, None)


def inherit_stages(objects: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Each object's stage: its own, else that of its nearest parent that has one.

    Objects have `code`, `parent` and `value_chain_stage`; an unknown parent ends the search.
    """
    known = {str(each["code"]): each for each in objects}
    stages: dict[str, str] = {}
    for code in known:
        at, seen = code, set[str]()
        while at in known and at not in seen:
            seen.add(at)
            stage = known[at].get("value_chain_stage")
            if stage:
                stages[code] = str(stage)
                break
            at = str(known[at].get("parent"))
    return stages


def cost_by_stage(
    solutions: Iterable[SolutionCost], stage_of: Mapping[str, str]
) -> dict[str | None, Decimal]:
    """What the solutions of each stage cost; None gathers those without one."""
    sums: dict[str | None, Decimal] = {}
    for each in solutions:
        stage = stage_of.get(each.code)
        sums[stage] = EXACT.add(sums.get(stage, Decimal(0)), each.amount)
    return sums


def parts_of_no_stage(
    without_stage: Decimal, solutions: Sequence[SolutionCost], totals: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """The cost of no stage in its parts; with the stages they add up to the run's input.

    input = consumers + retained + unallocated + residual, and a solution's amount is what it
    gave to consumers, retained and could not move; what is left of each total never reached a
    solution.
    """
    zero = Decimal(0)
    retained = add_exactly(each.retained for each in solutions)
    unallocated = add_exactly(each.unallocated for each in solutions)
    stayed = EXACT.add(retained, unallocated)
    to_consumers = EXACT.subtract(add_exactly(each.amount for each in solutions), stayed)
    found = (
        without_stage,
        EXACT.subtract(totals.get("consumers", zero), to_consumers),
        EXACT.subtract(totals.get("retained", zero), retained),
        EXACT.subtract(totals.get("unallocated", zero), unallocated),
        totals.get("residual", zero),
    )
    return dict(zip(PARTS, found, strict=True))


def join_stages(
    costs: Mapping[str | None, Decimal], values: Mapping[str | None, Decimal]
) -> dict[str | None, StageFigures]:
    """Both sides by stage; None (of no stage) is always there.

    Shares are of all that is given, settled so that they add up to 1; a stage of which nothing
    is told has no value, which is not a value of zero.
    """
    stages = [*dict.fromkeys([*costs, *values, None])]
    zero = Decimal(0)
    cost_shares = settle_shares({_key(stage): costs.get(stage, zero) for stage in stages})
    value_shares = settle_shares({_key(stage): value for stage, value in values.items()})
    return {
        stage: StageFigures(
            stage,
            costs.get(stage, zero),
            cost_shares.get(_key(stage)),
            values.get(stage),
            value_shares.get(_key(stage)),
        )
        for stage in stages
    }


def per_cost(figures: StageFigures, *, same_unit: bool) -> tuple[Decimal | None, str | None]:
    """Value for one unit of cost, or why there is none; rounded to twelve decimals."""
    if figures.value is None:
        return None, "no_value"
    if not same_unit:
        return None, "another_currency"
    if figures.cost <= 0:
        return None, "no_cost"
    return round_fraction(Fraction(figures.value) / Fraction(figures.cost)), None


def settle_shares(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Each amount's share of their sum, of twelve decimals, all of them adding up to 1.

    Nothing where the sum is zero. Units left over go to the largest fractions, ties by key.
    """
    total = sum((Fraction(amount) for amount in amounts.values()), Fraction(0))
    if not total:
        return {}
    shares = {key: Fraction(amount) / total for key, amount in amounts.items()}
    scale = 10**SHARE_DECIMALS
    common = lcm(*(share.denominator for share in shares.values()))
    numerators = {key: int(share * common) * scale for key, share in shares.items()}
    settled = settle_exact(numerators, common)
    return {key: from_units(units, SHARE_DECIMALS) for key, units in settled.items()}


def _key(stage: str | None) -> str:
    """Stages as text; what is of no stage comes first and cannot be a code."""
    return "" if stage is None else f"stage:{stage}"
