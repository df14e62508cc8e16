"""One SELECT of somebody else, made to answer page by page: bounds, order, rows after the last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Tagged = Sequence[str]
"""A value and its type, see outside_values.to_cursor."""


@dataclass(frozen=True)
class Select:
    """Which rows: those of a query, between bounds of `mark`, after a row, in an order.

    `unmarked` asks for the rows whose mark is null, which no bound can ever find.
    """

    query: str
    order: Sequence[str]
    limit: int
    mark: str | None = None
    since: str | None = None
    until: str | None = None
    after: Sequence[Tagged] | None = None
    unmarked: bool = False

    def compile(self, dialect: Any) -> tuple[str, Mapping[str, Tagged]]:
        """The statement and its values."""

        def quote(name: str) -> str:
            # With its table: SQLite would take a quoted name that it does not know for a text.
            return f"source_rows.{dialect.identifier_preparer.quote_identifier(name)}"

        values: dict[str, Tagged] = {}
        conditions = []
        if self.mark is not None:
            mark = quote(self.mark)
            conditions.append(f"{mark} is {'' if self.unmarked else 'not '}null")
            if not self.unmarked:
                conditions += self._bounds(mark, dialect.name, values)
        order = [name for name in self.order if not (self.unmarked and name == self.mark)]
        if self.after is not None:
            columns = [quote(name) for name in order]
            conditions.append(_after(columns, self.after, values))
        where = f" where {' and '.join(conditions)}" if conditions else ""
        by = ", ".join(quote(name) for name in order)
        inner = self.query.strip().rstrip(";").replace(":", r"\:")
        head = f"select * from (\n{inner}\n) source_rows{where} order by {by}"
        # A statement with a value is sent so that the database takes no second one behind it.
        values["row_limit"] = ["int", str(self.limit)]
        if dialect.name in {"mssql", "oracle"}:
            return f"{head} offset 0 rows fetch next :row_limit rows only", values
        return f"{head} limit :row_limit", values

    def _bounds(self, mark: str, dialect: str, values: dict[str, Tagged]) -> list[str]:
        found = []
        for name, sign, bound in (("since", ">=", self.since), ("until", "<=", self.until)):
            if bound is not None:
                values[name] = ["text", bound]
                compare = _sqlite_bound if dialect == "sqlite" else _plain_bound
                found.append(compare(mark, sign, name))
        return found


def _plain_bound(mark: str, sign: str, name: str) -> str:
    """The database reads the text as what the column is."""
    return f"{mark} {sign} :{name}"


def _sqlite_bound(mark: str, sign: str, name: str) -> str:
    """SQLite compares by what is stored: instants as text in several shapes, or plain numbers.

    What cannot be compared is taken along: too much does no harm, too little would.
    """
    as_time = f"datetime({mark}) {sign} datetime(:{name})"
    as_number = f"{mark} {sign} cast(:{name} as numeric)"
    as_seconds = f"{mark} {sign} unixepoch(:{name})"
    return (
        f"case when typeof({mark}) = 'text' then"
        f" case when datetime(:{name}) is null then {mark} {sign} :{name}"
        f" else coalesce({as_time}, 1) end"
        f" when unixepoch(:{name}) is not null and instr(:{name}, '-') > 1 then {as_seconds}"
        f" else {as_number} end"
    )


def _after(columns: Sequence[str], last: Sequence[Tagged], values: dict[str, Tagged]) -> str:
    """Rows that come after the last one, column by column: not all databases compare tuples."""
    choices = []
    for place in range(len(columns)):
        name = f"after_{place}"
        values[name] = last[place]
        same = [f"{column} = :after_{number}" for number, column in enumerate(columns[:place])]
        choices.append(" and ".join([*same, f"{columns[place]} > :{name}"]))
    return "(" + " or ".join(f"({choice})" for choice in choices) + ")"
