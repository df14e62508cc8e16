"""`/v1/runs/{id}/focus`: a run's result as split-cost rows after FOCUS 1.3."""

import tempfile
from itertools import islice
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Header, Query, Response

from services.allocation.focus.csv_text import csv_pieces
from services.allocation.focus.rows import COLUMNS, METRICS, SplitCosts
from services.allocation.runs import repository as runs
from services.allocation.runs.answers import made
from services.allocation.runs.loaded import lines_of, loaded_runs
from shared.auth import Needs
from shared.contracts.allocation.focus import SplitCostRow
from shared.contracts.jobs import Page
from shared.contracts.values import HeaderText
from shared.database import SessionDep
from shared.http.exports import CSV, PARQUET, Download, chosen_export, pieces_of
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.pagination import decode_cursor, encode_cursor

router = new_router("/v1/runs/{run_id}", "runs", [Needs("allocation:read")])
ROWS_IN_A_GROUP = 20_000
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            PARQUET: {"schema": {"type": "string", "contentMediaType": PARQUET}},
        }
    }
}


async def _format(
    accept: Annotated[
        HeaderText | None,
        Header(description=f"`{CSV}` (default), `{PARQUET}`, or `application/json` for pages"),
    ] = None,
) -> str | None:
    """CSV unless something else is wanted; None is JSON."""
    if accept is None or accept.strip() in {"", "*/*"}:
        return CSV
    return chosen_export(accept, (CSV, PARQUET))


@router.get(
    "/focus",
    summary="Split-cost rows after FOCUS 1.3",
    operation_id="export_run_focus",
    response_model=Page[SplitCostRow],
    responses=RESPONSES,
)
def export_focus(
    run_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    kind: Annotated[str | None, Depends(_format)],
    line: Annotated[UUID | None, Query(description="Only the rows of this cost line")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Rows on a page of JSON")] = 100,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    measure: Annotated[Literal["cost"], Query(description="FOCUS tells of cost alone")] = "cost",
) -> Page[SplitCostRow] | Response:
    """One row per cost line (the origin charge) and consumer, and per place where a part stayed.

    Costs add up to the line's amount in its own currency, ratios to 1, exactly; `x_RunCost` is the
    same in the run's currency. Lines out of scope and own amounts are no charges that were split.
    """
    run = runs.get_run(session, run_id)
    result = loaded_runs.get(session, run)
    costs = SplitCosts(run, result, lines_of(session, run), language)
    if line is not None:
        place = costs.index.place(line)
        costs.places = [place] if place in set(costs.places) else []
    if kind == CSV:
        pieces = csv_pieces(costs.charges())
        return Download(pieces, media_type=f"{CSV}; charset=utf-8", headers=_named("csv"))
    if kind == PARQUET:
        return _parquet(costs)
    return _page(costs, f"{run_id}:{line}", limit, cursor)


def _named(ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="focus.{ending}"'}


def _page(costs: SplitCosts, bound: str, limit: int, cursor: str | None) -> Page[SplitCostRow]:
    """A page begins at a row of a charge; both numbers make its cursor."""
    start, skip = decode_cursor(cursor, bound) if cursor is not None else (0, 0)
    numbered = (
        (position, number, row)
        for position, charge in enumerate(costs.charges(int(start)), int(start))
        for number, row in enumerate(charge.rows())
        if position > start or number >= skip
    )
    found = list(islice(numbered, limit + 1))
    following = encode_cursor(list(found[limit][:2]), bound) if len(found) > limit else None
    items = [
        made(SplitCostRow, **{name: row.get(name) for name in COLUMNS})
        for _, _, row in found[:limit]
    ]
    return Page(items=items, next_cursor=following)


def _parquet(costs: SplitCosts) -> Response:
    """Written to a temporary file group by group, then sent piece by piece."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = pa.decimal128(38, 18)
    schema = pa.schema([(name, number if name in METRICS else pa.string()) for name in COLUMNS])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when the last piece is sent
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        rows = costs.rows()
        while batch := list(islice(rows, ROWS_IN_A_GROUP)):
            columns = [
                pa.array([row.get(field.name) for row in batch], field.type) for field in schema
            ]
            writer.write_table(pa.table(columns, schema=schema))
    file.seek(0)
    return Download(pieces_of(file), media_type=PARQUET, headers=_named("parquet"))
