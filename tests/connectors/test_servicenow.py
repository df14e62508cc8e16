"""The kind `servicenow`: exactly the records of the table, whatever happens to it meanwhile."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from services.ingest.sources.connector import SourceSettings, Window
from services.ingest.sources.kinds.servicenow_query import check_records, fields_of, joined
from shared.clients.outside.auth import Secret
from shared.clients.outside.problems import SourceRefused
from shared.contracts.ingest.source_kinds.servicenow import ServiceNowConfig
from shared.errors import RuleBroken
from tests.connectors.pulling import first_look, pull, settings_of
from tests.simulators.incidents import BEGIN, department_table, incident, incident_table, sys_id
from tests.simulators.servicenow import ServiceNowSimulator, SimulatedTable

COUNT = 130


@pytest.fixture
def instance() -> Iterator[ServiceNowSimulator]:
    """A simulator with 130 incidents, three departments and a table that nobody may read."""
    tables = {
        "incident": incident_table(COUNT),
        "cmn_department": department_table(),
        "sys_user": SimulatedTable(fields=()),
    }
    with ServiceNowSimulator(tables) as running:
        yield running


def source(instance: ServiceNowSimulator, **config: object) -> SourceSettings:
    """A source over the incidents, 20 a page."""
    said = {"url": instance.url, "auth": {"type": "basic"}, "table": "incident", "page_size": 20}
    return settings_of("servicenow", "tickets", said | config)


def test_every_record_comes_once_with_value_and_display_value(
    instance: ServiceNowSimulator,
) -> None:
    pulled = pull(source(instance))
    assert pulled.came == len(pulled.rows) == COUNT
    row = pulled.rows[(sys_id("incident", 4),)]
    assert row["number"] == "INC0000004"
    assert (row["state"], row["state.display_value"]) == ("7", "Closed")
    assert row["assignment_group.display_value"] == "Database"
    # What is displayed is in the zone of some user; the value is in UTC.
    assert row["opened_at"] == "2026-01-01 06:28:00"
    assert row["caller_id.department"] is None  # no such field here, and the profile maps it
    assert pulled.watermark == (BEGIN + timedelta(minutes=7 * COUNT + 1)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def test_the_next_pull_asks_from_a_margin_before_the_watermark(
    instance: ServiceNowSimulator,
) -> None:
    first = pull(source(instance))
    late = datetime.fromisoformat(str(first.watermark)).replace(tzinfo=None)
    table = instance.tables["incident"]
    table.put(incident(5, updated_on=late + timedelta(seconds=30), state="6"))
    table.put(incident(131, updated_on=late - timedelta(seconds=30)))  # it became visible late
    table.put(incident(132, updated_on=late - timedelta(hours=1)))  # and so did this: too late
    second = pull(source(instance, overlap_seconds=60), Window(since=first.watermark))
    numbers = {row["number"] for row in second.rows.values()}
    assert numbers == {"INC0000005", "INC0000130", "INC0000131"}


def test_records_that_change_while_they_are_pulled_are_neither_lost_nor_doubled(
    instance: ServiceNowSimulator,
) -> None:
    table = instance.tables["incident"]
    now = BEGIN + timedelta(days=30)

    def meanwhile(page: int) -> None:
        for number in range(page, COUNT, 9):
            table.put(incident(number, updated_on=now + timedelta(minutes=page), state="6"))
        table.put(incident(1000 + page, updated_on=now + timedelta(minutes=page)))

    first = pull(source(instance), between=meanwhile)
    second = pull(source(instance), Window(since=first.watermark))
    known = first.rows | second.rows
    assert {key: row["sys_updated_on"] for key, row in known.items()} == {
        (key,): row["sys_updated_on"] for key, row in table.rows.items()
    }
    assert first.came == len(first.rows)


def test_records_that_may_not_be_read_do_not_hide_the_others(
    instance: ServiceNowSimulator,
) -> None:
    table = instance.tables["incident"]
    in_order = sorted(table.rows)
    table.hidden = set(in_order[20:65])  # two whole pages and some of a third
    pulled = pull(source(instance))
    assert {key for (key,) in pulled.rows} == set(in_order) - table.hidden


def test_a_backfill_asks_for_its_range_only(instance: ServiceNowSimulator) -> None:
    window = Window(since="2026-01-01T07:00:00Z", until="2026-01-01T10:00:00+02:00", backfill=True)
    pulled = pull(source(instance, backfill_field="opened_at"), window)
    opened = sorted(row["opened_at"] for row in pulled.rows.values())
    assert (opened[0], opened[-1]) == ("2026-01-01 07:03:00", "2026-01-01 07:59:00")


def test_alternatives_in_the_query_keep_their_meaning(instance: ServiceNowSimulator) -> None:
    pulled = pull(source(instance, query="priority=1^category=software^NQpriority=2"))
    assert {int(row["number"][3:]) for row in pulled.rows.values()} == {
        number
        for number in range(1, COUNT + 1)
        if number % 4 == 1 or (number % 4 == 0 and number % 2 == 0)
    }


def test_a_condition_that_the_server_drops_is_refused(instance: ServiceNowSimulator) -> None:
    with pytest.raises(RuleBroken) as refused:
        pull(source(instance, query="priority=1^catgory=software"))
    assert refused.value.code == "filter_not_obeyed"
    assert "catgory is no field" in refused.value.detail


def test_records_from_before_the_watermark_are_refused(instance: ServiceNowSimulator) -> None:
    with pytest.raises(RuleBroken) as refused:
        pull(source(instance, watermark_field="sys_modified_on"), Window(since="2026-01-01"))
    assert refused.value.code == "filter_not_obeyed"


def test_the_limit_of_requests_is_waited_for(instance: ServiceNowSimulator) -> None:
    waits: list[float] = []
    settings = SourceSettings(**{**vars(source(instance)), "pause": waits.append})
    instance.requests_left = 4
    assert len(pull(settings).rows) == COUNT
    assert waits == [1.0]


def test_a_token_that_has_ended_is_renewed(instance: ServiceNowSimulator) -> None:
    settings = settings_of(
        "servicenow",
        "tickets",
        {"url": instance.url, "auth": {"type": "oauth2"}, "table": "incident", "page_size": 50},
        secret=Secret(parts={"client_id": "client", "client_secret": "client-secret"}),
    )
    instance.faults.plan("expired", at_request=3)
    assert len(pull(settings).rows) == COUNT
    assert instance.faults.happened == ["expired"]


def test_who_may_not_read_is_told_so(instance: ServiceNowSimulator) -> None:
    wrong = Secret(parts={"user": "reader", "password": "wrong"})
    for settings in (
        settings_of("servicenow", "tickets", vars(source(instance).config), secret=wrong),
        source(instance, table="sys_user"),
    ):
        with pytest.raises(SourceRefused):
            first_look(settings)


def test_a_first_look_tells_the_columns_and_what_is_missing(
    instance: ServiceNowSimulator,
) -> None:
    found = first_look(source(instance))
    assert (found.rows, found.total) == (5, COUNT)
    assert {"number", "priority.display_value"} <= set(found.columns)
    assert list(found.notes) == [
        "caller_id.department is no field of the table that can be read here"
    ]


def test_departments_are_known_by_their_id_and_refer_to_their_parents(
    instance: ServiceNowSimulator,
) -> None:
    settings = settings_of(
        "servicenow",
        "consumers",
        {"url": instance.url, "auth": {"type": "basic"}, "table": "cmn_department"},
    )
    rows = pull(settings).rows
    assert rows[(sys_id("department", 2),)]["parent"] == sys_id("department", 1)


@pytest.mark.parametrize("query", ["active=true^ORDERBYnumber", "a=1^EQ", "JOINtask.x=y.z!a=1"])
def test_a_query_may_not_set_the_order(query: str) -> None:
    with pytest.raises(ValueError, match=r"ORDERBY|\^EQ"):
        ServiceNowConfig.model_validate({"url": "https://x.example", "table": "t", "query": query})


def test_conditions_are_added_to_each_alternative() -> None:
    assert joined("a=1^ORb=2^NQc=3", ["", "sys_id>7"]) == "a=1^ORb=2^sys_id>7^NQc=3^sys_id>7"
    assert joined("", ["a>=1", "b<2"]) == "a>=1^b<2"
    assert fields_of("a=1^ORb.c=2^NQstateISNOTEMPTY") == ["a", "b.c", "state"]


@pytest.mark.parametrize(
    ("query", "obeyed"),
    [
        ("category=Software", True),  # texts are compared without regard to case
        ("active=1", True),  # and 1 is true
        ("stateIN6,7", True),
        ("sys_class_nameINSTANCEOFtask", True),  # what cannot be judged here is let pass
        ("opened_at=2026-01-01", True),
        ("category=hardware", False),
        ("stateIN1,2", False),
        ("category=hardware^ORcategory=software", True),
        ("nothing=1", False),
    ],
)
def test_what_comes_back_is_held_against_the_query(query: str, obeyed: bool) -> None:
    record = {
        "category": "software",
        "active": "true",
        "state": "7",
        "sys_class_name": "incident",
        "opened_at": "2026-01-01 10:00:00",
    }
    try:
        check_records([record], query)
    except RuleBroken:
        assert not obeyed
    else:
        assert obeyed
