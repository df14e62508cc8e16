"""Turns rows into observations of KPIs for the valuation service, or into rejects."""

import json

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.handed_over.repository import COLUMNS
from services.ingest.imports.reading.batch import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.imports.reading.facts import code_of, frame_of, required_of

OBJECT_LINKS = ("pool", "resource", "solution", "consumer")
OTHER_LINKS = ("initiative", "value_chain_stage")
LONGEST_NOTE = 2000


def read_observations(plan: RowPlan, batch: RowBatch, source: str | None) -> RowsRead:
    """Observations as JSON requests. Required: kpi, value, and a period or an instant."""
    reading = reading_of(plan, batch)
    kpis = code_of(reading, "kpi", required=True)
    values = required_of(reading, "value", reading.decimals("value"))
    instants = reading.instants("at")
    periods = reading.periods()
    reading.require("period", periods.fill_null(instants))
    sources = code_of(reading, "source")
    if source is not None:
        sources = sources.fill_null(source)
    links = _links(reading)
    notes = reading.short_texts("note", LONGEST_NOTE)
    requests, keys = [], []
    for kpi, value, period, instant, said_by, link, note in zip(
        kpis, values, periods, instants, sources, links, notes, strict=True
    ):
        moment = {"period": period} if instant is None else {"at": instant}
        known_by = {"kpi": kpi, **moment, "source": said_by, "link": link}
        told = {name: part for name, part in known_by.items() if part is not None}
        keys.append(json.dumps(told, ensure_ascii=False))
        noted = {} if note is None else {"note": note}
        requests.append(json.dumps({**told, "value": value, **noted}, ensure_ascii=False))
    nothing = pl.Series([None] * len(keys), dtype=pl.String)
    draft = {
        "row_no": batch.numbers,
        "key": pl.Series(keys, dtype=pl.String),
        "code": kpis,
        **dict.fromkeys(("parent", "place", "above"), nothing),
        "request": pl.Series(requests, dtype=pl.String),
    }
    return divided(reading, frame_of(draft, COLUMNS))


def _links(reading: Reading) -> list[dict[str, str] | None]:
    """What each row's observation is about; a row names at most one thing."""
    columns = {name: code_of(reading, name) for name in (*OBJECT_LINKS, *OTHER_LINKS)}
    links: list[dict[str, str] | None] = []
    several = []
    for cells in zip(*columns.values(), strict=True):
        named = [(name, cell) for name, cell in zip(columns, cells, strict=True) if cell]
        several.append(len(named) > 1)
        links.append(_link(*named[0]) if named else None)
    faults = pl.Series([None] * len(several), dtype=pl.String)
    faults = faults.set(pl.Series(several, dtype=pl.Boolean), "several_links")
    reading.fail("solution", faults, columns["solution"])
    return links


def _link(name: str, code: str) -> dict[str, str]:
    return {"layer": name, "code": code} if name in OBJECT_LINKS else {name: code}
