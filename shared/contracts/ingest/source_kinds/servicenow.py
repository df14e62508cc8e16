"""The config of a source that is a table of a ServiceNow instance."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, field_validator

from shared.contracts.ingest.source_kinds.base import WebConfig

TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+){0,4}$")]


class ServiceNowConfig(WebConfig):
    """Records of one table, by the Table API.

    `url` is the instance. A record is known by its `sys_id`; instants are in UTC. With
    `oauth2` the address of tokens is the instance's own unless `token_url` names another.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://example.service-now.com",
                    "auth": {"type": "basic"},
                    "table": "incident",
                    "query": "active=false^category=software",
                }
            ]
        }
    )

    table: TableName = Field(examples=["incident", "sc_req_item", "cmdb_ci_server"])
    query: Annotated[str, StringConstraints(max_length=4000)] = Field(
        default="", description="An encoded query that all records are to match, without ORDERBY."
    )
    fields: list[FieldName] = Field(
        default_factory=list,
        max_length=200,
        description="The fields to ask for, `caller_id.department` too. Empty: those that the"
        " built-in profile of the table needs or, with a profile of your own, all.",
    )
    display_values: bool = Field(
        default=True,
        description="Each field comes twice: its value, and in `<field>.display_value` what"
        " people read.",
    )
    watermark_field: FieldName = "sys_updated_on"
    backfill_field: FieldName | None = Field(
        default=None,
        description="The field that the range of a backfill is about, `opened_at` for example."
        " Default: the watermark field.",
    )
    page_size: int = Field(default=1000, ge=1, le=10_000)

    @field_validator("query")
    @classmethod
    def _no_order(cls, value: str) -> str:
        parts = value.split("^")
        if any(part.startswith(("ORDERBY", "GROUPBY", "RLQUERY", "JOIN")) for part in parts):
            raise ValueError("the order of the records is chosen here; leave ORDERBY and the like")
        if any(part == "EQ" for part in parts):
            raise ValueError("leave out ^EQ, more conditions follow")
        return value.strip("^")
