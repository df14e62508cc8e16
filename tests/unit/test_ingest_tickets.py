"""Rows about tickets are read into events; their figures are exact to six decimals."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.files.reader import open_table
from services.ingest.imports.reading.batch import RowPlan
from services.ingest.imports.reading.survey import Styles, survey
from services.ingest.imports.reading.ticket_rows import read_ticket_events
from services.ingest.profiles.proposal import mapping_by_name
from services.ingest.tickets.domain import Stay, backlogs, hours, mean_hours, share

LOG = (
    Path(__file__).parents[2]
    / "examples"
    / "oxford-council"
    / "itsm"
    / "servicenow_incident_log_a.csv"
)


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    with open_table(LOG) as table:
        first = next(table.batches)
    profile = mapping_by_name("tickets", table.detected, first)
    styles = survey(profile, table.detected, [first])
    found = read_ticket_events(RowPlan(profile, table.detected, styles), first)
    assert found.rejects == []
    return found.drafts


def test_every_row_of_the_incident_log_is_an_event(events):
    assert (events.height, events["number"].n_unique()) == (2040, 300)
    states = Counter(events["state"])
    assert (states["New"], states["Active"], states["Closed"]) == (587, 494, 301)
    assert events["service"].null_count() == 2040


def read(columns: dict[str, list[str | None]]) -> tuple[pl.DataFrame, list[str]]:
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    batch = RowBatch(pl.Series(range(2, 2 + frame.height)), frame)
    detected = Detected(format="csv", columns=tuple(columns))
    plan = RowPlan(mapping_by_name("tickets", detected, batch), detected, Styles())
    found = read_ticket_events(plan, batch)
    return found.drafts, [reject.code for reject in found.rejects]


def test_a_duration_counted_from_1970_tells_when_a_ticket_was_resolved():
    drafts, rejects = read(
        {
            "number": ["CHG1", "CHG2", "CHG3", "CHG4", "CHG5"],
            "opened_at": ["2021-04-28 22:40:25"] * 5,
            "resolved_at": [None, None, None, "2021-04-29 00:00:00", None],
            "calendar_duration": ["1970-01-02 09:46:18", "3600", "1 02:03:04", "60", "soon"],
        }
    )
    assert drafts["resolved_at"].to_list() == [
        "2021-04-30T08:26:43+00:00",
        "2021-04-28T23:40:25+00:00",
        "2021-04-30T00:43:29+00:00",
        "2021-04-29T00:00:00+00:00",
    ]
    assert rejects == ["not_a_duration"]


def test_references_come_as_pairs_of_value_and_link():
    drafts, _ = read(
        {
            "number": ["INC1"],
            "sys_created_on": ["2023-06-02 22:05:30"],
            "business_service_link": ["https://example.org/1"],
            "business_service_value": ["Mail"],
            "assignment_group_display_value": ["Desk"],
            "assignment_group_value": ["d41d8"],
        }
    )
    row = drafts.row(0, named=True)
    assert (row["service"], row["assignment_group"]) == ("Mail", "Desk")
    assert row["opened_at"] == "2023-06-02T22:05:30+00:00"


def test_hours_and_shares_are_rounded_once():
    assert hours(Decimal(5400)) == Decimal("1.5")
    assert mean_hours(Decimal(100), 3) == Decimal("0.009259")
    assert share(Decimal(1), 3) == Decimal("0.333333")
    assert share(Decimal(0), 0) is None


def test_a_backlog_holds_what_was_opened_and_had_not_ended():
    stays = [
        Stay("Mail", "2026-01", "2026-01", 5),
        Stay("Mail", "2026-01", "2026-03", 2),
        Stay(None, "2026-02", None, 1),
        Stay("Mail", "2026-03", None, 7),
    ]
    assert backlogs(stays, "2025-12") == {}
    assert backlogs(stays, "2026-01") == {"Mail": 2}
    assert backlogs(stays, "2026-02") == {"Mail": 2, None: 1}
    assert backlogs(stays, "2026-03") == {"Mail": 7, None: 1}
