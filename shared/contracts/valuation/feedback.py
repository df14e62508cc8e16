"""Feedback on the wire: single answers or counted ones, and the figures made of them."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from shared.contracts.days import Day
from shared.contracts.values import (
    DECIMAL_PATTERN,
    Code,
    Contract,
    ExactText,
    Instant,
    Period,
    decimal_from_text,
)

FeedbackKind = Literal["nps", "csat"]
FeedbackScale = Literal["0-10", "1-5", "0-100"]
STORED_COMMENT = 2000
MOST_ANSWERS = 1_000_000
_LIMITS = {"0-10": (0, 10), "1-5": (1, 5), "0-100": (0, 100)}


def _score(value: object) -> Decimal:
    """A decimal text; a whole JSON number means the same."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return decimal_from_text(str(value) if whole else value)


Score = Annotated[
    Decimal,
    BeforeValidator(_score),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": 40, "pattern": DECIMAL_PATTERN},
                {"type": "integer", "minimum": 0, "maximum": 100},
            ],
            "examples": ["9"],
        }
    ),
]


class FeedbackRequest(Contract):
    """What people answered about a solution, of a day (`on`) or a month (`period`).

    `nps` is the question of recommendation, whole scores of 0 to 10; `csat` is satisfaction, by
    default whole scores of 1 to 5, or `scale` 0-100. `count` says how many gave just this
    answer. Known by source and external id; without an external id by its content and its
    ordinal among equal items of the request, so that equal answers of one request are all kept
    and the same request again adds nothing. Of a comment the first 2,000 characters are kept.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "external_id": "survey-7/1381",
                    "solution": "CRM",
                    "consumer": "STORES-EAST",
                    "on": "2026-01-20",
                    "kind": "nps",
                    "score": "9",
                    "comment": "Customers are found at once.",
                    "source": "survey",
                },
                {
                    "solution": "CRM",
                    "period": "2026-01",
                    "kind": "csat",
                    "score": "4",
                    "count": 120,
                    "source": "service desk",
                },
            ]
        }
    )

    external_id: Code | None = None
    solution: Code = Field(examples=["CRM"])
    consumer: Code | None = None
    period: Period | None = Field(default=None, examples=["2026-01"])
    on: Day | None = None
    kind: FeedbackKind = Field(examples=["nps"])
    score: Score
    scale: FeedbackScale | None = None
    count: int | None = Field(default=None, ge=1, le=MOST_ANSWERS, strict=True)
    comment: Annotated[str, Field(max_length=20_000)] | None = None
    source: Code | None = Field(default=None, examples=["survey"])

    @model_validator(mode="before")
    @classmethod
    def _same_words(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("kind") == "satisfaction":
            return {**given, "kind": "csat"}
        return given

    @model_validator(mode="after")
    def _a_possible_answer(self) -> "FeedbackRequest":
        if (self.period is None) == (self.on is None):
            raise ValueError("give either period or on")
        if (self.kind == "nps") != (self.chosen_scale == "0-10"):
            raise ValueError("nps has the scale 0-10, csat 1-5 or 0-100")
        least, most = _LIMITS[self.chosen_scale]
        if not least <= self.score <= most:
            raise ValueError(f"a score of {self.chosen_scale} is needed")
        if self.chosen_scale != "0-100" and self.score != int(self.score):
            raise ValueError(f"a score of {self.chosen_scale} is a whole number")
        return self

    @property
    def chosen_scale(self) -> FeedbackScale:
        """The scale given, else the usual one of the kind."""
        return self.scale or ("0-10" if self.kind == "nps" else "1-5")


class FeedbackAnswer(Contract):
    """Feedback as it is kept."""

    id: UUID
    etag: str
    external_id: str | None
    solution: str
    consumer: str | None
    period: Period
    on: Day | None
    kind: FeedbackKind
    score: ExactText
    scale: FeedbackScale
    count: int
    comment: str | None
    source: str | None
    created_at: Instant
    updated_at: Instant


class NpsFigure(Contract):
    """Recommendation: nps = 100 x (promoters - detractors) / n, from -100 to 100.

    Promoters answered 9 or 10, detractors 0 to 6. Null with `reason` `no_answers` when nobody
    did; `few_answers` says that n is under 10, where one answer moves the figure by ten points.
    """

    nps: ExactText | None
    n: int
    promoters: int
    passives: int
    detractors: int
    promoter_share: ExactText | None
    detractor_share: ExactText | None
    few_answers: bool
    reason: Literal["no_answers"] | None


class CsatFigure(Contract):
    """Satisfaction on a line of 0 to 100, on which 1 to 5 are 0, 25, 50, 75 and 100.

    `mean_of_five` is the same mean told on 1 to 5; satisfied are 4 and 5, from 75 on.
    """

    mean: ExactText | None
    mean_of_five: ExactText | None
    n: int
    satisfied: int
    satisfied_share: ExactText | None
    few_answers: bool
    reason: Literal["no_answers"] | None


class FeedbackPoint(Contract):
    """One month of a trend."""

    period: Period
    nps: ExactText | None
    nps_n: int
    csat: ExactText | None
    csat_n: int


class FeedbackStatistic(Contract):
    """The figures of one solution, consumer or month (`key`; null: feedback without consumer)."""

    key: str | None
    nps: NpsFigure
    csat: CsatFigure
    trend: list[FeedbackPoint]


class FeedbackStatistics(Contract):
    """Figures of all feedback that the filters leave, whole and by `by`.

    `period` is one month; `from` and `to` are inclusive and may be open.
    """

    by: Literal["solution", "consumer", "period"]
    solution: str | None
    consumer: str | None
    period: Period | None
    first: Period | None = Field(alias="from")
    last: Period | None = Field(alias="to")
    total: FeedbackStatistic
    items: list[FeedbackStatistic]
