"""100,000 rows are pulled while others come, change and go at the source."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from services.ingest.sources.connector import Window
from tests.connectors.pulling import pull, settings_of
from tests.simulators import journal
from tests.simulators.incidents import BEGIN, incident, incident_table
from tests.simulators.odata import ODataSimulator
from tests.simulators.servicenow import ServiceNowSimulator

pytestmark = pytest.mark.slow
COUNT = 100_000
PAGE_ROWS = 4_000
DAYS = timedelta(days=1000)


@contextmanager
def restless(change: Callable[[int], None]) -> Iterator[list[int]]:
    """Change something a few hundred times a second meanwhile; how often, in the end."""
    stop, done = threading.Event(), [0]

    def work() -> None:
        while not stop.wait(0.004):
            done[0] += 1
            change(done[0])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def test_a_restless_table_of_servicenow() -> None:
    table = incident_table(COUNT)
    dice = random.Random(1)

    def change(number: int) -> None:
        at = BEGIN + DAYS + timedelta(seconds=number)
        with table.lock:
            table.put(incident(dice.randrange(1, COUNT), updated_on=at, state="6"))
            table.put(incident(COUNT + number, updated_on=at))
            if number % 5 == 0:
                table.rows.pop(dice.choice(list(table.rows)[:100]), None)

    with ServiceNowSimulator({"incident": table}) as instance:
        config = {
            "url": instance.url, "auth": {"type": "basic"}, "table": "incident",
            "page_size": PAGE_ROWS, "fields": ["number", "state", "sys_updated_on"],
        }  # fmt: skip
        source = settings_of("servicenow", "tickets", config)
        with restless(change) as changes:
            first = pull(source)
        second = pull(source, Window(since=first.watermark))
    known = first.rows | second.rows
    truth = {(key,): row["sys_updated_on"] for key, row in table.rows.items()}
    assert changes[0] > 100
    assert {key: row["sys_updated_on"] for key, row in known.items() if key in truth} == truth
    assert first.came == len(first.rows)


@pytest.mark.parametrize("page_rows", [PAGE_ROWS, None], ids=["server pages", "we page"])
def test_a_restless_journal(page_rows: int | None) -> None:
    entities = journal.journal(COUNT)
    dice = random.Random(1)

    def change(number: int) -> None:
        at = journal.BEGIN + DAYS + timedelta(seconds=number)
        place = dice.randrange(COUNT)
        entities.rows[place] = journal.line_item(place + 1, changed_at=at)
        new = {"AccountingDocument": f"{dice.randrange(10**9):010d}", "changed_at": at}
        entities.rows.append(journal.line_item(COUNT + number, **new))

    with ODataSimulator(entities, 4, page_rows=page_rows) as service:
        config = {
            "url": service.root, "auth": {"type": "basic"}, "entity_set": entities.name,
            "watermark_field": "LastChangeDateTime", "page_size": PAGE_ROWS,
        }  # fmt: skip
        source = settings_of("odata", "ledger", config)
        with restless(change) as changes:
            first = pull(source)
        second = pull(source, Window(since=first.watermark))
    known = first.rows | second.rows
    assert changes[0] > 100
    assert {key[0]: row["LastChangeDateTime"] for key, row in known.items()} == {
        "/".join(entities.key_of(row)): row["LastChangeDateTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
        for row in entities.rows
    }
