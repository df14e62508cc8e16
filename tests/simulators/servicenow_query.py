"""The encoded queries of ServiceNow: what a row must be, and in which order rows come."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Row = dict[str, str]

_CONDITION = re.compile(
    r"(?P<field>[a-z0-9_.]+)"
    r"(?P<operator>>=|<=|!=|ISNOTEMPTY|ISEMPTY|STARTSWITH|ENDSWITH|NOT IN|NOTLIKE|LIKE|IN|=|>|<)"
    r"(?P<value>.*)",
    re.DOTALL,
)
_TESTS: dict[str, Callable[[str, str], bool]] = {
    ">=": lambda found, wanted: found >= wanted,
    "<=": lambda found, wanted: found <= wanted,
    "!=": lambda found, wanted: found != wanted,
    ">": lambda found, wanted: found > wanted,
    "<": lambda found, wanted: found < wanted,
    "=": lambda found, wanted: found == wanted,
    "ISEMPTY": lambda found, wanted: found == "",
    "ISNOTEMPTY": lambda found, wanted: found != "",
    "STARTSWITH": lambda found, wanted: found.lower().startswith(wanted.lower()),
    "ENDSWITH": lambda found, wanted: found.lower().endswith(wanted.lower()),
    "LIKE": lambda found, wanted: wanted.lower() in found.lower(),
    "NOTLIKE": lambda found, wanted: wanted.lower() not in found.lower(),
    "IN": lambda found, wanted: found in wanted.split(","),
    "NOT IN": lambda found, wanted: found not in wanted.split(","),
}
Test = Callable[[Row], bool]


@dataclass(frozen=True)
class EncodedQuery:
    """Sets of groups of tests: any set, in it all groups, in a group any test."""

    sets: Sequence[Sequence[Sequence[Test]]]
    orders: Sequence[tuple[str, bool]]

    def matches(self, row: Row) -> bool:
        """Whether a row is asked for."""
        return any(
            all(any(test(row) for test in group) for group in groups) for groups in self.sets
        )

    def ordered(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that are asked for, in the order that is asked for."""
        found = [row for row in rows if self.matches(row)]
        for field, descending in reversed(self.orders):
            found.sort(key=lambda row: row.get(field, ""), reverse=descending)
        return found


def read_query(text: str, fields: Iterable[str]) -> EncodedQuery:
    """Reads `a=1^ORb=2^c>3^NQd=4^ORDERBYe`. Parts that name no field are dropped without a word.

    That is what a server does unless `glide.invalid_query.returns_no_rows` is set.
    """
    known = set(fields)
    sets: list[list[list[Test]]] = []
    orders: list[tuple[str, bool]] = []
    for whole in text.split("^NQ"):
        groups: list[list[Test]] = []
        for part in filter(None, whole.split("^")):
            if part.startswith("ORDERBY"):
                descending = part.startswith("ORDERBYDESC")
                orders.append((part[len("ORDERBYDESC" if descending else "ORDERBY") :], descending))
                continue
            alternative = part.startswith("OR")
            test = _test_of(part[2:] if alternative else part, known)
            if test is None:
                continue
            if alternative and groups:
                groups[-1].append(test)
            else:
                groups.append([test])
        sets.append(groups)
    return EncodedQuery(sets, [order for order in orders if order[0] in known])


def _test_of(part: str, known: set[str]) -> Test | None:
    found = _CONDITION.fullmatch(part)
    if found is None or found["field"] not in known:
        return None
    field, test, wanted = found["field"], _TESTS[found["operator"]], found["value"]
    return lambda row: test(row.get(field, ""), wanted)
