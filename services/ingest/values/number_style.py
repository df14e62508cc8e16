"""Finds out from the texts of a column which mark starts the decimals and which groups digits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from services.ingest.values.missing import trimmed
from services.ingest.values.signs import signed_body

#: What one text proves about the marks: `whole...` have none, `open_...` have three digits behind
#: their only one, so that it may group thousands or start decimals.
Proof = Literal["point", "comma", "open_point", "open_comma", "small_whole", "large_whole"]


_SEVERAL = 5


@dataclass(frozen=True)
class NumberStyle:
    """How a column writes numbers. None: nobody knows, so each text must speak for itself.

    With a decimal mark alone, digits may be grouped by any other mark; a `thousands` mark allows no
    other, and `""` none at all.
    """

    decimal: str | None = None
    thousands: str | None = None


@dataclass
class NumberEvidence:
    """What the texts of a column say about its separators; gathered batch by batch."""

    counts: dict[Proof, int] = field(default_factory=dict)

    def add(self, texts: Iterable[str]) -> None:
        """Take in some texts of the column."""
        for text in texts:
            signed = signed_body(trimmed(text))
            if signed is not None:
                proof = proof_of(signed[1])
                self.counts[proof] = self.counts.get(proof, 0) + 1

    @property
    def decided(self) -> bool:
        """Whether further texts could not change the style."""
        return bool(self._count("point") or self._count("comma"))

    @property
    def open(self) -> bool:
        """Whether there are texts that need a style and none that gives one."""
        return not self.decided and bool(self._count("open_point") or self._count("open_comma"))

    def style(self, delimiter: str | None, *, typed: bool) -> NumberStyle:
        """The style of the column: by its own evidence, else by what the file's kind implies.

        Typed cells have decimal points. Without proof, the mark that several numbers have before
        their last three digits groups thousands if there are whole numbers below a thousand too:
        whoever writes three decimals writes them everywhere. Else a file that separates its cells
        by commas has decimal points, and in all other cases three digits behind a single mark
        stay ambiguous.
        """
        point, comma = self._count("point"), self._count("comma")
        if typed:
            # Texts with decimal commas among typed numbers: each text must speak for itself.
            return NumberStyle() if comma else NumberStyle(".")
        if point and comma:
            return NumberStyle()
        if point or comma:
            return NumberStyle("." if point else ",")
        return self._likely(delimiter)

    def _likely(self, delimiter: str | None) -> NumberStyle:
        """The style where no number proves one."""
        by_points, by_commas = self._count("open_point"), self._count("open_comma")
        if self._count("small_whole") and not self._count("large_whole"):
            if by_commas >= _SEVERAL and not by_points:
                return NumberStyle(".")
            if by_points >= _SEVERAL and not by_commas:
                return NumberStyle(",")
        if delimiter in {",", None} and not by_commas:
            return NumberStyle(".")
        return NumberStyle()

    def _count(self, proof: Proof) -> int:
        return self.counts.get(proof, 0)


def proof_of(body: str) -> Proof:
    """What one number without its signs proves."""
    points, commas = body.count("."), body.count(",")
    if points and commas:
        return "point" if body.rfind(".") > body.rfind(",") else "comma"
    if points > 1:
        return "comma"  # 1.234.567: the point groups
    if commas > 1:
        return "point"
    if points == 1:
        return "open_point" if groups_digits(body, ".") else "point"
    if commas == 1:
        return "open_comma" if groups_digits(body, ",") else "comma"
    return "small_whole" if len(body) <= 3 else "large_whole"


def groups_digits(body: str, separator: str) -> bool:
    """Whether the separator stands where it groups thousands: 1,234 or 12,34,567."""
    head, *parts = body.split(separator)
    return (
        bool(parts)
        and 1 <= len(head) <= 3
        and head.isdigit()
        and not head.startswith("0")
        and all(part.isdigit() and len(part) in {2, 3} for part in parts)
        and len(parts[-1]) == 3
    )
