"""Events of the service desk fold into tickets."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.ingest.files.reader import open_table
from services.ingest.imports.facts import read_ticket_events
from services.ingest.imports.reading import RowPlan
from services.ingest.imports.survey import survey
from services.ingest.profiles.proposal import mapping_by_name
from services.ingest.tickets.domain import TicketEvent, event_of, fold_events, hours_between

LOG = (
    Path(__file__).parents[2]
    / "examples"
    / "oxford-council"
    / "itsm"
    / "servicenow_incident_log_a.csv"
)
START = datetime(2016, 2, 29, tzinfo=UTC)


def an_event(hours: int, **values: object) -> TicketEvent:
    moment = START + timedelta(hours=hours)
    return TicketEvent(**{"number": "INC1", "opened_at": START, "updated_at": moment, **values})


def test_the_last_event_tells_the_state_whatever_the_order_of_rows():
    events = [an_event(2, state="Closed"), an_event(1, state="New"), an_event(1, state="Active")]
    assert [ticket.state for ticket in fold_events(events)] == ["Closed"]


def test_what_the_last_event_leaves_out_stays():
    events = [an_event(1, service="Mail", sla_met=False), an_event(2, state="Closed")]
    (ticket,) = fold_events(events)
    assert (ticket.service, ticket.sla_met, ticket.state) == ("Mail", False, "Closed")


def test_a_reopened_ticket_is_counted_by_its_most_reopenings():
    (ticket,) = fold_events([an_event(1, reopen_count=2), an_event(2, reopen_count=1)])
    assert ticket.reopen_count == 2


def test_hours_are_exact():
    assert str(hours_between(START, START + timedelta(minutes=90))) == "1.5"


@pytest.fixture(scope="module")
def tickets():
    with open_table(LOG) as table:
        first = next(table.batches)
    profile = mapping_by_name("tickets", table.detected, first)
    styles = survey(profile, table.detected, [first])
    found = read_ticket_events(RowPlan(profile, table.detected, styles), first)
    assert found.rejects == []
    return fold_events([event_of(row) for row in found.drafts.iter_rows(named=True)])


def test_the_incident_log_folds_into_its_incidents(tickets):
    assert len(tickets) == 300
    assert Counter(ticket.state for ticket in tickets) == {"Closed": 300}


def test_the_incident_log_keeps_priorities_service_levels_and_reopenings(tickets):
    assert Counter(ticket.sla_met for ticket in tickets) == {True: 195, False: 105}
    assert Counter(ticket.priority for ticket in tickets)["3 - Moderate"] == 239
    assert sum(1 for ticket in tickets if ticket.reopen_count) == 4
    assert sum(1 for ticket in tickets if ticket.resolved_at) == 289
