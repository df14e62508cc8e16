"""The config of a source that is an entity set of an OData service, version 2 or 4."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from shared.contracts.ingest.source_kinds.base import ColumnName, WebConfig

PropertyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
PropertyPath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}(/[A-Za-z_][A-Za-z0-9_]{0,127})*$"),
]


class ODataConfig(WebConfig):
    """The entities of one set. `url` is the root of the service, where `$metadata` is.

    An entity is known by its key; a column `odata_key` holds its parts with `/` between them.
    Parts of a structure and of an expanded entity are columns `Part/Property`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://s4.example.com/sap/opu/odata/sap/API_OPLACCTGDOCITEMCUBE_SRV",
                    "auth": {"type": "basic"},
                    "entity_set": "A_OperationalAcctgDocItemCube",
                    "filter": "CompanyCode eq '1710'",
                    "backfill_field": "PostingDate",
                    "sap_client": "100",
                }
            ]
        }
    )

    page_size: int = Field(default=1000, ge=2, le=100_000)
    entity_set: PropertyName
    select: list[PropertyPath] = Field(default_factory=list, max_length=300)
    expand: list[PropertyPath] = Field(
        default_factory=list, max_length=10, description="Single entities to read with each one."
    )
    filter: Annotated[str, StringConstraints(max_length=4000)] = Field(
        default="", description="A `$filter` that all entities are to match."
    )
    watermark_field: PropertyName | None = Field(
        default=None,
        description="The property that says when an entity was changed: a date, an instant, or the"
        " digits 20260131101500. Without one every sync reads all.",
    )
    backfill_field: PropertyName | None = Field(
        default=None,
        description="The property that the range of a backfill is about, `PostingDate` for"
        " example. Default: the watermark field.",
    )
    sap_client: Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")] | None = None
    paging: Literal["auto", "server", "client"] = Field(
        default="auto",
        description="`server`: the next links of the service are followed. `client`: $top and"
        " $skip, in the order of the key. `auto`: `server` when the service pages by itself.",
    )
    amount_field: ColumnName = Field(
        default="AmountInCompanyCodeCurrency",
        description="For ledgers without a profile: the amount.",
    )
    currency_field: ColumnName = Field(
        default="CompanyCodeCurrency", description="For ledgers without a profile: its currency."
    )
    amount_sign: Literal["signed", "debit_credit"] = Field(
        default="signed",
        description="For ledgers without a profile: whether credits are negative already, or"
        " `DebitCreditCode` (S, H) tells them.",
    )
