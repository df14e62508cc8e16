"""`/v1/mappings/coverage`: which money finds a pool, by a field of the lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from fastapi import Query

from services.allocation.engine.lines.classification import OUT_OF_SCOPE, classify, group_keys
from services.allocation.engine.model import EXACT_DECIMALS, Int32s, LineGroups
from services.allocation.engine.numbering import Numbering
from services.allocation.mappings.previewing import router
from services.allocation.mappings.repository import specs_of
from services.allocation.model_versions.repository import find_version
from services.allocation.runs.input_repository import group_lines, last_changes, list_objects
from shared.contracts.allocation.mappings import CoverageAnswer, CoverageItem
from shared.contracts.values import Code, Period
from shared.database import SessionDep
from shared.derived_drivers import Facts
from shared.errors import FieldError, RuleBroken
from shared.line_fields import is_line_field
from shared.money import from_units

__all__ = ["router"]


@dataclass
class Covered:
    """What was added up so far, in units of 10^-18."""

    lines: int = 0
    amount: int = 0
    gross: int = 0


@router.get(
    "/coverage",
    summary="Which money finds a pool",
    operation_id="get_mapping_coverage",
)
def get_coverage(
    session: SessionDep,
    period: Period,
    scenario: Annotated[Code, Query()] = "actual",
    by: Annotated[
        str, Query(max_length=500, description="A line field, `tags.x`, `fields.x`")
    ] = "source",
) -> CoverageAnswer:
    """Lines of a period by the published model, with those that find no pool.

    422 `bad_field` for what is no field of a line.
    """
    if not is_line_field(by) or "\x00" in by:
        errors = [FieldError("query:/by", "bad_field", "no field of a cost line")]
        raise RuleBroken(f"{by!r} is no field of a cost line", code="bad_field", errors=errors)
    version = find_version(session, "published")
    specs = [] if version is None else specs_of(session, version.id)
    changed = last_changes(session, period, scenario)
    facts = Facts(period, scenario, changed["cost_lines"], changed["tickets"])
    keys = sorted({*group_keys(specs, period), by})
    groups = group_lines(session, facts, keys)
    numbering = Numbering(list_objects(session, period), period)
    pools = classify(groups, numbering, specs, period).pool
    return CoverageAnswer(
        period=period,
        scenario=scenario,
        by=by,
        model_version=None if version is None else version.id,
        items=list(_items(groups, pools, by)),
    )


def _items(groups: LineGroups, pools: Int32s, by: str) -> Iterable[CoverageItem]:
    everything: dict[tuple[str | None, str], Covered] = {}
    unmapped: dict[tuple[str | None, str], Covered] = {}
    keys, currencies = groups.columns[by].texts(), groups.currency.texts()
    for row, pool in enumerate(pools.tolist()):
        if pool == OUT_OF_SCOPE:
            continue
        key = (keys[row], currencies[row] or "")
        _add(everything.setdefault(key, Covered()), groups, row)
        missed = unmapped.setdefault(key, Covered())
        if pool < 0:
            _add(missed, groups, row)
    for key in sorted(everything, key=lambda one: (one[0] is not None, one)):
        covered, missed = everything[key], unmapped[key]
        yield CoverageItem(
            key=key[0],
            currency=key[1],
            lines=covered.lines,
            amount=_money(covered.amount),
            gross=_money(covered.gross),
            unmapped_lines=missed.lines,
            unmapped_amount=_money(missed.amount),
            unmapped_gross=_money(missed.gross),
        )


def _add(covered: Covered, groups: LineGroups, row: int) -> None:
    covered.lines += int(groups.line_counts[row])
    covered.amount += int(groups.amounts[row])
    covered.gross += int(groups.gross[row])


def _money(units: int) -> Decimal:
    return from_units(units, EXACT_DECIMALS)
