"""Turns rows of an org file into consumers for the allocation service, or into rejects.

A row tells where its consumer stands by the code of its parent, by a path like `Group/Retail`, or
by a column for each level. Without a code of its own it is known by its place.
"""

import json

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.handed_over.domain import (
    BETWEEN_LEVELS,
    code_of_place,
    leaves_out_a_level,
    levels_in,
    levels_of,
    names_of,
)
from services.ingest.handed_over.repository import COLUMNS
from services.ingest.imports.reading.batch import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.imports.reading.facts import LONGEST_CODE, code_of, frame_of
from services.ingest.profiles.domain import CONSUMER_LEVELS

PLAIN_FIELDS = ("valid_from", "valid_to", "owner", "unit_driver", "value_chain_stage")
OPEN_GROUPS = ("tags.", "attributes.")


def read_consumers(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """Consumers as JSON requests, with their place in the tree."""
    reading = reading_of(plan, batch)
    places = _places(reading)
    told = code_of(reading, "code")
    codes = pl.Series(
        [
            code or (code_of_place(levels) if levels else None)
            for code, levels in zip(told, places, strict=True)
        ],
        dtype=pl.String,
    )
    reading.require("code", codes)
    too_long = (codes.str.len_chars() > LONGEST_CODE).fill_null(value=False)
    faults = pl.Series([None] * len(codes), dtype=pl.String).set(too_long, "too_long")
    reading.fail("code", faults, codes)
    draft = {
        "row_no": batch.numbers,
        "key": codes,
        "code": codes,
        "parent": code_of(reading, "parent"),
        "place": _joined([levels or None for levels in places]),
        "above": _joined([levels[:-1] if levels and levels[1:] else None for levels in places]),
        "request": _requests(reading, codes, places),
    }
    return divided(reading, frame_of(draft, COLUMNS))


def _places(reading: Reading) -> list[list[str] | None]:
    """The levels down to each row's consumer, as far as the file tells them."""
    paths = reading.texts("path")
    columns = [reading.texts(name) for name in CONSUMER_LEVELS if reading.source(name)]
    places: list[list[str] | None] = [levels_of(path) if path else None for path in paths]
    if not columns:
        return places
    rows = list(zip(*columns, strict=True))
    gaps = pl.Series([leaves_out_a_level(cells) for cells in rows], dtype=pl.Boolean)
    faults = pl.Series([None] * len(gaps), dtype=pl.String).set(gaps, "level_left_out")
    reading.fail(CONSUMER_LEVELS[0], faults, reading.texts(CONSUMER_LEVELS[0]))
    return [path or levels_in(cells) for path, cells in zip(places, rows, strict=True)]


def _joined(places: list[list[str] | None]) -> pl.Series:
    texts = [None if levels is None else BETWEEN_LEVELS.join(levels) for levels in places]
    return pl.Series(texts, dtype=pl.String)


def _requests(reading: Reading, codes: pl.Series, places: list[list[str] | None]) -> pl.Series:
    plain = {name: code_of(reading, name) for name in PLAIN_FIELDS}
    names = [reading.texts(name) for name in ("name", "names.en", "names.zh-CN")]
    profile = reading.plan.profile
    nested = {
        name: reading.texts(name)
        for name in (*profile.columns, *profile.constants)
        if name.startswith(OPEN_GROUPS)
    }
    requests = []
    for row, code in enumerate(codes):
        levels = places[row]
        told, english, chinese = (texts[row] for texts in names)
        otherwise = levels[-1] if levels else code
        if told is None and levels and not (english or chinese):
            told = otherwise
        request: dict[str, object] = {
            "code": code,
            "names": names_of(told, english, chinese, otherwise or ""),
            **{name: texts[row] for name, texts in plain.items() if texts[row] is not None},
        }
        for name, texts in nested.items():
            group, _, key = name.partition(".")
            if texts[row] is not None:
                request[group] = {**_group(request, group), key: texts[row]}
        requests.append(json.dumps(request, ensure_ascii=False))
    return pl.Series(requests, dtype=pl.String)


def _group(request: dict[str, object], name: str) -> dict[str, str]:
    found = request.get(name)
    return found if isinstance(found, dict) else {}
