"""What feedback is known by, and the figures made of it; exact."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from services.valuation.measures.value_kpis.domain import round_fraction

PROMOTERS_FROM, DETRACTORS_TO = 9, 6
SATISFIED_FROM = 75
FEW_ANSWERS = 10


@dataclass(frozen=True)
class Given:
    """What tells one piece of feedback from another; `counted`: its number of answers may change.

    `when` is a day or a month.
    """

    external_id: str | None
    source: str
    solution: str
    consumer: str | None
    when: str
    kind: str
    scale: str
    score: str
    comment: str | None
    counted: bool


def natural_keys(given: Sequence[Given | None]) -> Iterator[str | None]:
    """A key for each: its source and external id, else its content and ordinal among equals.

    So equal answers of one request are all kept, and the same request again adds nothing.
    None (an item that could not be read) gives None.
    """
    met: dict[str, int] = {}
    for each in given:
        if each is None:
            yield None
        elif each.external_id is not None:
            yield f"id:{_hash([each.source, each.external_id])}"
        else:
            content = _hash(
                [each.source, each.solution, each.consumer, each.when, each.kind, each.scale,
                 each.score, each.comment, each.counted]
            )  # fmt: skip
            met[content] = met.get(content, 0) + 1
            yield f"row:{content}:{met[content]}"


def _hash(parts: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Answered:
    """So many equal answers of one kind."""

    kind: str
    scale: str
    score: Decimal
    answers: int


@dataclass(frozen=True)
class Nps:
    """Promoters (9, 10), passives (7, 8) and detractors (0 to 6)."""

    promoters: int
    passives: int
    detractors: int

    @property
    def n(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> Decimal | None:
        """100 x (promoters - detractors) / n; None when nobody answered."""
        return self.share(100 * (self.promoters - self.detractors))

    def share(self, count: int) -> Decimal | None:
        """A part of all answers."""
        return round_fraction(Fraction(count, self.n)) if self.n else None


@dataclass(frozen=True)
class Csat:
    """Satisfaction on the line of 0 to 100; `total` is the sum of all answers on it."""

    n: int
    satisfied: int
    total: Fraction

    @property
    def mean(self) -> Decimal | None:
        """The mean of 0 to 100; None when nobody answered."""
        return round_fraction(self.total / self.n) if self.n else None

    @property
    def mean_of_five(self) -> Decimal | None:
        """The mean told on 1 to 5."""
        return round_fraction(1 + self.total / self.n / 25) if self.n else None

    @property
    def satisfied_share(self) -> Decimal | None:
        """Those from 75 (4 of 5) on, of all."""
        return round_fraction(Fraction(self.satisfied, self.n)) if self.n else None


def measure_nps(answered: Iterable[Answered]) -> Nps:
    """Counts the answers to the question of recommendation."""
    counts = {"up": 0, "even": 0, "down": 0}
    for each in answered:
        if each.kind == "nps":
            counts[_side(each.score)] += each.answers
    return Nps(counts["up"], counts["even"], counts["down"])


def _side(score: Decimal) -> Literal["up", "even", "down"]:
    if score >= PROMOTERS_FROM:
        return "up"
    return "down" if score <= DETRACTORS_TO else "even"


def measure_csat(answered: Iterable[Answered]) -> Csat:
    """Adds the answers about satisfaction up on one line."""
    n, satisfied, total = 0, 0, Fraction(0)
    for each in answered:
        if each.kind != "csat":
            continue
        place = on_one_line(each.score, each.scale)
        n += each.answers
        total += place * each.answers
        satisfied += each.answers if place >= SATISFIED_FROM else 0
    return Csat(n, satisfied, total)


def on_one_line(score: Decimal, scale: str) -> Fraction:
    """1 to 5 lie at 0, 25, 50, 75 and 100; 0-100 stays."""
    return (Fraction(score) - 1) * 25 if scale == "1-5" else Fraction(score)
