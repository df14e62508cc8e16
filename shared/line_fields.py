"""How SQL reads a cost line's fields by the keys that selectors and derived drivers use."""

from collections.abc import Mapping

PLAIN_FIELDS = frozenset(
    (
        "account",
        "asset",
        "cost_center",
        "cost_type",
        "currency",
        "description",
        "document",
        "external_id",
        "project",
        "source",
        "vendor",
    )
)
LIVE_LINES = (
    "l.period = :period and l.scenario = :scenario and l.live_from <= :lines_as_of"
    " and (l.live_to is null or l.live_to > :lines_as_of)"
)
"""Which rows of `cost_line l` a run sees; binds period, scenario, lines_as_of."""


def is_line_field(key: str) -> bool:
    """Whether a key names something of a cost line."""
    return (
        key in PLAIN_FIELDS
        or key in {"posted_on", "amount"}
        or (key.startswith(("tags.", "fields.")) and not key.endswith("."))
    )


def line_field_sql(key: str, name: str) -> tuple[str, Mapping[str, str]]:
    """The expression that reads a key from `cost_line l` as text, and what it binds.

    A blank text counts as missing, like null. `name` must be unique in the statement.
    """
    if key in PLAIN_FIELDS:
        return f"nullif(l.{key}, '')", {}
    if key == "posted_on":
        return "cast(l.posted_on as text)", {}
    if key == "amount":
        return "cast(trim_scale(l.amount) as text)", {}
    column, _, inner = key.partition(".")
    if column not in {"tags", "fields"} or not inner:
        raise ValueError(f"{key!r} is no field of a cost line")
    return f"nullif(l.{column} ->> cast(:{name} as text), '')", {name: inner}
