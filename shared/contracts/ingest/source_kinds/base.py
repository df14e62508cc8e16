"""What the configs of all kinds of sources have in common, and how callers show who they are."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from shared.contracts.values import Contract, Currency, Label


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise ValueError("an http or https address is needed") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an http or https address is needed")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user or password in an address: use secret_ref")
    if parts.fragment:
        raise ValueError("an address of a source has no fragment")
    return value


WebAddress = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=8, max_length=2000, pattern=r"^https?://"),
    AfterValidator(_web_address),
    Field(examples=["https://erp.example.com/api"]),
]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=300)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]


class SourceAuth(Contract):
    """How the source is shown who asks. The secret itself is where `secret_ref` points to.

    `basic` wants a secret `{"user", "password"}`, `oauth2` (client credentials)
    `{"client_id", "client_secret"}`, `bearer` and `header` one text.
    """

    type: Literal["none", "basic", "bearer", "header", "oauth2"] = "none"
    header: HeaderName | None = Field(default=None, description="For `header`: its name.")
    token_url: WebAddress | None = Field(default=None, description="For `oauth2`.")
    scope: Label | None = Field(default=None, description="For `oauth2`.")
    audience: Label | None = Field(default=None, description="For `oauth2`, where it is asked for.")
    client_in_body: bool = Field(
        default=False, description="For `oauth2`: send the client in the form, not as basic auth."
    )


class ImportOptions(Contract):
    """Parameters of the imports that a source makes, as on `POST /v1/imports`."""

    currency: Currency | None = None
    scenario: Literal["actual", "budget", "forecast"] | None = None
    max_reject_share: (
        Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,9})?|1)$")] | None
    ) = None
    mode: Literal["upsert", "replace"] = "upsert"
    replace: Literal["none", "billing_period"] = "none"
    restate: Label | None = Field(
        default=None, description="The reason for changing closed periods, where that is meant."
    )


class SourceConfig(Contract):
    """Base of the configs."""

    import_options: ImportOptions = Field(default_factory=ImportOptions)


class PulledConfig(SourceConfig):
    """Base of the kinds that are asked for rows, page by page."""

    overlap_seconds: int = Field(
        default=60,
        ge=0,
        le=30 * 86_400,
        description="How far before the last watermark a sync asks again, so that rows which"
        " became visible late are not missed; what is known already is not loaded twice.",
    )


class WebConfig(PulledConfig):
    """Base of the kinds that speak HTTP."""

    url: WebAddress
    auth: SourceAuth = Field(default_factory=SourceAuth)
    page_size: int = Field(default=1000, ge=1, le=100_000)
    timeout_seconds: int | None = Field(default=None, ge=1, le=600)
