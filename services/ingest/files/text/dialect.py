"""How a text separates and quotes its cells."""

import re
from dataclasses import dataclass
from typing import Any

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01")
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?\s*', re.IGNORECASE)
_ESCAPED_QUOTE = re.compile(r'\\"')
_HALF = 0.5


@dataclass(frozen=True)
class Dialect:
    """The characters that separate and quote cells.

    A quote within a cell is doubled or, where `backslashed`, has a backslash before it.
    """

    delimiter: str
    quote: str = '"'
    backslashed: bool = False

    def options(self) -> dict[str, Any]:
        """What the standard library's `csv` is told."""
        return {"delimiter": self.delimiter, "quotechar": self.quote}

    def doubled(self, line: str) -> str:
        """The line with its quotes doubled, as `csv` reads them; other backslashes are letters."""
        return line.replace('\\"', '""') if self.backslashed else line


def likely_dialects(head: str, delimiter: str | None) -> list[Dialect]:
    """The dialects that a text may have, by its first lines; `delimiter` is what is known of it.

    The first line may name the delimiter (`sep=;`), as sheets understand it.
    """
    lines = [line for line in head.splitlines() if line.strip()]
    if not lines:
        return [Dialect(mark) for mark in ((delimiter,) if delimiter else DELIMITERS[:1])]
    named = _SEPARATOR_LINE.fullmatch(lines[0])
    if delimiter is None and named:
        delimiter = named[1]
    return [
        Dialect(mark, _quote_of(lines, mark), _is_backslashed(lines, mark))
        for mark in ((delimiter,) if delimiter else _delimiters_in(head))
    ]


def _delimiters_in(head: str) -> tuple[str, ...]:
    """The delimiters that occur at all; a table of one column has none, and any will do."""
    return tuple(mark for mark in DELIMITERS if mark in head) or DELIMITERS[:1]


def _quote_of(lines: list[str], delimiter: str) -> str:
    """Single quotes where most rows have cells in them, side by side, and none in double ones."""
    mark = re.escape(delimiter)
    single = re.compile(rf"(?:^|{mark})'(?:[^']|'')*'(?={mark}'|$)")
    separated = [line for line in lines if delimiter in line]
    wrapped = sum(1 for line in separated if single.search(line.rstrip()))
    in_double = any(line.startswith('"') or f'{delimiter}"' in line for line in separated)
    return "'" if wrapped > _HALF * len(separated) and not in_double else '"'


def _is_backslashed(lines: list[str], delimiter: str) -> bool:
    r"""Whether backslashes stand before quotes within cells, and not before those that end one.

    `"C:\"` ends a cell with a backslash, `"a \"b\" c"` does not.
    """
    inside = 0
    for line in lines:
        text = line.rstrip()
        for found in _ESCAPED_QUOTE.finditer(text):
            following = text[found.end() : found.end() + 1]
            if following in {delimiter, ""} and text[: found.start()].count('\\"') % 2 == 0:
                return False
            inside += 1
    return inside > 0
