"""The SQL that counts what rules look at: all of a period's rules in one reading of its lines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.data_quality.rules.selectors import Condition, Node, compiled, patterns_in
from shared.database import new_session
from shared.line_fields import line_field_sql

NUMBER = r"^-?[0-9]{1,40}(\.[0-9]{1,40})?$"
DATE_OR_PERIOD = r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"
SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_LIVE = "l.period = any(:periods) and l.scenario = :scenario and l.live_to is null"
_STARTS = "left({value}, char_length({bound})) = {bound}"
Matching = Mapping[tuple[str, str], Sequence[str]]
"""By field and pattern the values that match."""


@dataclass(frozen=True)
class Asked:
    """What a rule wants counted: the lines it means, and those of them without a field."""

    selector: Node
    field: str | None


@dataclass(frozen=True)
class Counted:
    """Lines of one period, source and currency, and of each rule: lines, sums, those without."""

    rows: int
    gross: Decimal
    of_rules: Sequence[tuple[int, Decimal, Decimal, int]]


class _Statement:
    """Collects what a statement binds while its conditions are written."""

    def __init__(self, matching: Matching, periods: list[str], scenario: str) -> None:
        self._matching = matching
        self.binds: dict[str, Any] = {"periods": periods, "scenario": scenario}

    def bind(self, value: object) -> str:
        name = f"b{len(self.binds)}"
        self.binds[name] = value
        return f":{name}"

    def value_of(self, key: str) -> str:
        expression, bound = line_field_sql(key, f"b{len(self.binds)}")
        self.binds |= bound
        return expression

    def condition(self, node: Node) -> str:
        if isinstance(node, Condition):
            return f"coalesce({self._test(node)}, false)"
        if not node.parts:
            return "true"
        word = " or " if node.kind == "any" else " and "
        inner = word.join(f"({self.condition(part)})" for part in node.parts)
        return f"not ({inner})" if node.kind == "not" else inner

    def _test(self, one: Condition) -> str:
        if one.test in SIGNS:
            return self._compared(one)
        value, operand = self.value_of(one.key), one.operand
        if one.test == "exists":
            return f"({value} is not null) = {'true' if operand else 'false'}"
        if isinstance(operand, tuple):
            among = f"{value} = any({self._texts(operand)})"
            return among if one.test == "in" else f"not coalesce({among}, false)"
        if one.test == "matches":
            return f"{value} = any({self._texts(self._matching[one.key, str(operand)])})"
        bound = f"cast({self.bind(operand)} as text)"
        if one.test == "starts_with":
            return _STARTS.format(value=value, bound=bound)
        return f"position({bound} in {value}) > 0"

    def _compared(self, one: Condition) -> str:
        """Numbers with numbers; dates and periods as texts; what is neither never matches."""
        sign, bound = SIGNS[one.test], one.operand
        if isinstance(bound, Decimal):
            number = f"cast({self.bind(bound)} as numeric)"
            if one.key == "amount":
                return f"l.amount {sign} {number}"
            value = self.value_of(one.key)
            read = f"cast({value} as numeric)"
            return f"case when {value} ~ '{NUMBER}' then {read} {sign} {number} end"
        value, text_bound = self.value_of(one.key), f"cast({self.bind(bound)} as text)"
        cut = f'left({value}, char_length({text_bound})) collate "C"'
        return f"case when {value} ~ '{DATE_OR_PERIOD}' then {cut} {sign} {text_bound} end"

    def _texts(self, values: Sequence[str]) -> str:
        return f"cast({self.bind(list(values))} as text[])"


def _matching(asked: Sequence[Asked], periods: list[str], scenario: str) -> Matching:
    """The values that match each pattern: RE2 decides, not the database; read once per field."""
    wanted = {(one.key, str(one.operand)) for rule in asked for one in patterns_in(rule.selector)}
    found: dict[tuple[str, str], list[str]] = {one: [] for one in wanted}
    for key in sorted({key for key, _ in wanted}):
        patterns = [(found[own, text_], compiled(text_)) for own, text_ in wanted if own == key]
        for value in _values(key, periods, scenario):
            for matching, pattern in patterns:
                if pattern.search(value):
                    matching.append(value)
    return found


def _values(key: str, periods: list[str], scenario: str) -> Iterator[str]:
    """The different values of a field, read piece by piece."""
    expression, bound = line_field_sql(key, "key")
    statement = text(
        f"select distinct {expression} as value from cost_line l"
        f" where {_LIVE} and {expression} is not null"
    ).execution_options(yield_per=5_000)
    with new_session() as session:
        binds = {"periods": periods, "scenario": scenario, **bound}
        yield from session.execute(statement, binds).scalars()


def count_lines(
    session: Session, asked: Sequence[Asked], periods: list[str], scenario: str
) -> dict[tuple[str, str, str], Counted]:
    """What the rules look at, by period, source and currency."""
    statement = _Statement(_matching(asked, periods, scenario), periods, scenario)
    judged, columns = [], []
    for place, rule in enumerate(asked):
        judged.append(f"({statement.condition(rule.selector)}) as m{place}")
        lacking = "false" if rule.field is None else f"{statement.value_of(rule.field)} is null"
        judged.append(f"({lacking}) as n{place}")
        columns += [
            f"count(*) filter (where m{place})",
            f"coalesce(sum(amount) filter (where m{place}), 0)",
            f"coalesce(sum(abs(amount)) filter (where m{place}), 0)",
            f"count(*) filter (where m{place} and n{place})",
        ]
    # `offset 0` keeps the planner from judging a line once for each column.
    rows = session.execute(
        text(
            f"select period, source, currency, count(*), sum(abs(amount)), {', '.join(columns)}"
            f" from (select l.period, l.source, l.currency, l.amount, {', '.join(judged)}"
            f" from cost_line l where {_LIVE} offset 0) line group by 1, 2, 3"
        ),
        statement.binds,
    )
    return {
        (period, source, currency): Counted(
            count, gross, [tuple(cells[at : at + 4]) for at in range(0, len(cells), 4)]
        )
        for period, source, currency, count, gross, *cells in rows
    }
