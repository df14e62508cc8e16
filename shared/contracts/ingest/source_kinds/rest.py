"""The config of a source that answers pages of JSON."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from shared.contracts.ingest.source_kinds.base import ColumnName, HeaderName, WebConfig
from shared.contracts.values import Contract

SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "host"})
JsonPath = Annotated[
    str,
    StringConstraints(max_length=300),
    Field(description="Keys with points between them; empty: the whole body.", examples=["data"]),
]
ParameterName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Pagination(Contract):
    """How the next page is found.

    `none`: there is one page. `link`: the header `Link: <...>; rel="next"`. `next_url`: an address
    in the body at `path`. `cursor`: a text in the body at `path`, sent back as `parameter`.
    `offset`: `parameter` counts rows. `page`: `parameter` counts pages from `first`. For `offset`
    and `page` the source must give the rows in one and the same order.
    """

    type: Literal["none", "link", "next_url", "cursor", "offset", "page"] = "none"
    path: JsonPath | None = None
    parameter: ParameterName | None = None
    size_parameter: ParameterName | None = Field(
        default=None, description="The parameter that takes `page_size`."
    )
    first: int = Field(default=1, ge=0, le=1, description="The number of the first page.")

    @model_validator(mode="after")
    def _complete(self) -> "Pagination":
        if self.type in {"next_url", "cursor"} and not self.path:
            raise ValueError(f"{self.type} needs path")
        if self.type in {"cursor", "offset", "page"} and not self.parameter:
            raise ValueError(f"{self.type} needs parameter")
        return self


class RestConfig(WebConfig):
    """Pages of JSON objects from one address."""

    items: JsonPath = Field(default="", description="Where in the body the list of rows is.")
    params: dict[ParameterName, str] = Field(default_factory=dict, max_length=100)
    headers: dict[HeaderName, str] = Field(default_factory=dict, max_length=50)
    pagination: Pagination = Field(default_factory=Pagination)
    key: list[ColumnName] = Field(
        default_factory=list, max_length=20, description="The columns that tell records apart."
    )
    watermark_field: ColumnName | None = Field(
        default=None, description="The column that says when a record was changed."
    )
    since_parameter: ParameterName | None = Field(
        default=None, description="The parameter that asks for records changed since an instant."
    )
    until_parameter: ParameterName | None = None
    total: JsonPath | None = Field(default=None, description="Where the number of all rows is.")

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, headers: dict[str, str]) -> dict[str, str]:
        if any(name.lower() in SECRET_HEADERS for name in headers):
            raise ValueError("secrets belong where secret_ref points to")
        if any(
            ord(letter) < 32 or ord(letter) > 126 for text in headers.values() for letter in text
        ):
            raise ValueError("a header is printable ASCII")
        return headers

    @model_validator(mode="after")
    def _watermark_is_whole(self) -> "RestConfig":
        if (self.since_parameter or self.until_parameter) and not self.watermark_field:
            raise ValueError("since_parameter needs watermark_field")
        return self
