"""The kinds of values on the wire: decimals, periods, codes, names, instants.

Decimals are JSON strings without exponent and without trailing zeros ("1234.5", "0", "-0.02");
a number in their place is refused, because JSON numbers pass through binary floats.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from shared.money import plain

DECIMAL_PATTERN = r"^-?[0-9]{1,20}(\.[0-9]{1,18})?$"
PERIOD_PATTERN = r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$"
_decimal = re.compile(DECIMAL_PATTERN)


class Contract(BaseModel):
    """Base of every request and answer: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def decimal_from_text(value: object) -> Decimal:
    """Read a decimal of at most 20 digits before and 18 after the point, exactly."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _decimal.match(value):
        raise ValueError('a decimal in a string such as "1234.50" is needed')
    return Decimal(value)


decimal_to_text = plain
"""Write a decimal exactly, without exponent and trailing zeros; minus zero is zero."""

_plain_decimal = PlainSerializer(decimal_to_text, return_type=str)

DecimalText = Annotated[
    Decimal,
    BeforeValidator(decimal_from_text),
    _plain_decimal,
    WithJsonSchema(
        {"type": "string", "maxLength": 40, "pattern": DECIMAL_PATTERN, "examples": ["1234.5"]}
    ),
]
"""Money, quantities, shares and percentages."""

ExactText = Annotated[
    Decimal,
    _plain_decimal,
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["1234.5"]},
    ),
]
"""A decimal in an answer, of any size (sums may be longer than what a request may hold)."""

Period = Annotated[
    str,
    StringConstraints(pattern=PERIOD_PATTERN),
    Field(examples=["2026-01"], json_schema_extra={"maxLength": 7}),
]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    Field(examples=["GBP"], json_schema_extra={"maxLength": 3}),
]


def _on_one_line(value: str) -> str:
    if value.isprintable():  # holds none of them, and says so much faster
        return value
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ValueError("control characters are not allowed")
    return value


def _on_lines(value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    _on_one_line(text.replace("\n", " ").replace("\t", " "))
    return text


def _clean_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFC", _on_one_line(value)).strip()


ON_ONE_LINE = Field(json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f-\x9f]*$"})
"""What a document says of texts without control characters."""

Code = Annotated[
    str,
    BeforeValidator(_clean_text),
    StringConstraints(min_length=1, max_length=200),
    Field(examples=["ERP"], json_schema_extra=ON_ONE_LINE.json_schema_extra),
]
"""The user's own key: NFC, trimmed, case-sensitive, may hold `/` and `:`."""

Text = Annotated[
    str,
    StringConstraints(max_length=4000),
    AfterValidator(_on_lines),
    Field(json_schema_extra={"pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"}),
]
"""What people write: lines and tabs, no other control characters."""

Label = Annotated[
    str,
    BeforeValidator(_clean_text),
    StringConstraints(min_length=1, max_length=500),
    ON_ONE_LINE,
]

HeaderText = Annotated[str, StringConstraints(max_length=8000)]
"""The value of a request's header."""

TagKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]
TagValue = Annotated[
    str, StringConstraints(max_length=2000), AfterValidator(_on_one_line), ON_ONE_LINE
]
Tags = Annotated[dict[TagKey, TagValue], Field(max_length=200)]


def _whole(value: object) -> object:
    """`2.0` is an integer to JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = Annotated[int, Field(strict=True, ge=-(2**53), le=2**53), BeforeValidator(_whole)]
AttributeValue = TagValue | bool | WholeNumber
Attributes = Annotated[dict[TagKey, AttributeValue], Field(max_length=200)]


def _instant_to_text(value: datetime) -> str:
    text = value.isoformat()
    if not text.endswith("+00:00"):
        text = value.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


def _no_number(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and value[4:5] != "-"):
        raise ValueError("an instant such as 2026-01-31T08:30:00Z is needed")
    return value


Flag = Annotated[bool, Field(strict=True)]
"""Whether something holds; `0`, `1` and texts are refused."""

Instant = Annotated[
    datetime,
    BeforeValidator(_no_number),
    PlainSerializer(_instant_to_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

Language = Literal["en", "zh-CN"]


class Names(Contract):
    """What people read, in one or both languages."""

    en: Label | None = None
    zh_cn: Label | None = Field(default=None, alias="zh-CN")

    @model_validator(mode="after")
    def _at_least_one(self) -> "Names":
        if self.en is None and self.zh_cn is None:
            raise ValueError("give a name in en or zh-CN")
        return self

    def stored(self) -> dict[str, str]:
        """As kept in a table: only the languages that are given."""
        return self.model_dump(by_alias=True, exclude_none=True)


def name_in(names: Mapping[str, Any], language: str) -> str:
    """The name in the caller's language, else the other."""
    other = "en" if language == "zh-CN" else "zh-CN"
    return str(names.get(language) or names.get(other) or "")
