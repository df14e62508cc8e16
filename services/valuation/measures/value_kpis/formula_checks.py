"""What a formula is held against when it is written: circles, and units that do not fit."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from services.valuation.measures.value_kpis import repository
from services.valuation.measures.value_kpis.formulas import Name, parse_formula
from services.valuation.measures.value_kpis.formulas.cycles import MOST_NAMED, TooWide, find_cycle
from services.valuation.measures.value_kpis.formulas.tree import Formula, Leaf
from services.valuation.measures.value_kpis.formulas.unit_check import find_mismatch
from shared.errors import RuleBroken


class FormulaBook:
    """The units of some KPIs and what their formulas name; grows with every formula taken in."""

    def __init__(self, units: Mapping[str, str], named_by: Mapping[str, tuple[str, ...]]) -> None:
        self._units, self._named_by = dict(units), dict(named_by)

    def expect(self, units: Mapping[str, str]) -> None:
        """Units that KPIs of the same request will have, whatever their order in it."""
        self._units |= units

    def take_in(self, code: str, unit: str, formula: str | None) -> None:
        """Check a KPI as it shall be, and know it from now on.

        RuleBroken `formula_invalid`, `formula_cycle` (with the way round), `formula_too_wide` or
        `unit_mismatch` (with both units). Names of KPIs that are not there yet fit anything.
        """
        parsed = parse_formula(formula) if formula is not None else None
        if parsed is not None:
            self._check_circle(code, parsed)
            self._check_units(code, unit, parsed)
        self._units[code] = unit
        self._named_by.pop(code, None)
        if parsed is not None:
            self._named_by[code] = parsed.names

    def _check_circle(self, code: str, formula: Formula) -> None:
        try:
            way = find_cycle(code, formula.names, self._named_by)
        except TooWide as wide:
            message = f"more than {MOST_NAMED} KPIs stand behind the formula of {code}"
            raise RuleBroken.at("/formula", "formula_too_wide", message) from wide
        if way:
            message = f"the formula of {code} goes round in a circle: {' -> '.join(way)}"
            raise RuleBroken.at("/formula", "formula_cycle", message)

    def _check_units(self, code: str, unit: str, formula: Formula) -> None:
        units: dict[Leaf, str] = {}
        for leaf in formula.leaves:
            if isinstance(leaf, Name) and leaf.code in self._units:
                units[leaf] = self._units[leaf.code]
        mismatch = find_mismatch(formula, unit, units)
        if mismatch is not None:
            message = f"units in {code} do not go together: {mismatch[0]} and {mismatch[1]}"
            raise RuleBroken.at("/formula", "unit_mismatch", message)


def open_book(session: Session, formulas: Iterable[str | None]) -> FormulaBook:
    """The KPIs that these formulas name and all that stand behind them, however deep."""
    units: dict[str, str] = {}
    named_by: dict[str, tuple[str, ...]] = {}
    fresh = {name for text in formulas if text is not None for name in _names(text)}
    while fresh:
        found = repository.find_formulas(session, fresh)
        looked_for, fresh = fresh, set()
        for code, unit, formula in found:
            units[code] = unit
            if formula is not None:
                named_by[code] = _names(formula)
                fresh.update(named_by[code])
        fresh -= looked_for | set(units)
    return FormulaBook(units, named_by)


def is_in_a_formula(session: Session, code: str) -> bool:
    """Whether the formula of any KPI names this one."""
    return any(code in _names(formula) for formula in repository.formulas_with(session, code))


def _names(formula: str) -> tuple[str, ...]:
    """The names in a formula; none in one that cannot be read, which is refused when taken in."""
    try:
        return parse_formula(formula).names
    except RuleBroken:
        return ()
