"""A source that does not answer is left alone for a while, tried once, and taken up again."""

import itertools
from collections.abc import Iterator

import pytest

from shared import metrics
from shared.clients import circuits
from shared.clients.circuits import OPEN_AFTER_FAILURES, SOURCE_OPEN_SECONDS, Circuit
from tests.connectors.feeds import RestFeed, open_sources, sync
from tests.running import ServiceUnderTest

FIRST_NUMBER = 7_000
_numbers = itertools.count(FIRST_NUMBER)


@pytest.fixture(scope="module", autouse=True)
def _open(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with open_sources(tmp_path_factory.mktemp("listed")), pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "_sources", set())  # others may have taken all the labels
        yield


@pytest.fixture
def feed() -> Iterator[RestFeed]:
    made = RestFeed(next(_numbers))
    with made.server:
        yield made


def is_shown_open(ingest: ServiceUnderTest, feed: RestFeed) -> bool:
    """What Prometheus reads."""
    shown = f'btim_connector_circuit_open{{source="{feed.code}"}} '
    lines = ingest.get("/metrics").text.splitlines()
    (value,) = (line.removeprefix(shown) for line in lines if line.startswith(shown))
    return bool(float(value))


def outcome(ingest: ServiceUnderTest, path: str) -> str:
    """The code of the problem in which a sync ends, or its status."""
    done = sync(ingest, path)
    return str(done["problem"]["code"] if done["problem"] else done["status"])


def let_its_time_pass(feed: RestFeed) -> None:
    circuits.circuit_of_source(feed.code)._opened_at -= SOURCE_OPEN_SECONDS


def test_a_source_that_is_down_is_left_alone_tried_once_and_taken_up_again(
    ingest: ServiceUnderTest, feed: RestFeed
) -> None:
    path = feed.add(ingest)
    feed.faults.plan("error", 1, times=1000)
    shown = []
    for _ in range(OPEN_AFTER_FAILURES):
        assert outcome(ingest, path) == "source_unreachable"
        shown.append(is_shown_open(ingest, feed))
    assert shown == [False] * (OPEN_AFTER_FAILURES - 1) + [True]

    asked = len(feed.server.requests)
    assert [outcome(ingest, path) for _ in range(3)] == ["unavailable"] * 3
    assert len(feed.server.requests) == asked, "an open circuit asked the source"

    let_its_time_pass(feed)
    assert outcome(ingest, path) == "source_unreachable"
    tried = len(feed.server.requests)
    assert tried > asked
    assert outcome(ingest, path) == "unavailable"
    assert len(feed.server.requests) == tried, "one failed try opens it again"

    feed.faults.clear()
    assert outcome(ingest, path) == "unavailable"
    let_its_time_pass(feed)
    assert outcome(ingest, path) == "succeeded"
    assert feed.arrived(ingest) == feed.truth()
    assert not is_shown_open(ingest, feed)
    feed.faults.plan("error", 1, times=1000)
    assert outcome(ingest, path) == "source_unreachable"
    feed.faults.clear()
    assert outcome(ingest, path) == "succeeded", "earlier failures are not counted any more"


def test_a_source_that_is_down_holds_back_no_other(
    ingest: ServiceUnderTest, feed: RestFeed
) -> None:
    down, other = feed.add(ingest), RestFeed(next(_numbers))
    for _ in range(OPEN_AFTER_FAILURES):
        circuits.circuit_of_source(feed.code).note(failed=True)
    with other.server:
        assert outcome(ingest, other.add(ingest)) == "succeeded"
    assert outcome(ingest, down) == "unavailable"


def test_sources_beyond_the_first_share_a_series_that_counts_the_open_circuits() -> None:
    def series() -> dict[str, float]:
        (family,) = metrics.connector_circuit_open.collect()
        return {sample.labels["source"]: sample.value for sample in family.samples}

    def fail(circuit: Circuit) -> None:
        for _ in range(OPEN_AFTER_FAILURES):
            circuit.note(failed=True)

    made = [circuits.circuit_of_source(f"many-{number}") for number in range(200)]
    assert len(series()) <= 2 * metrics.MOST_SOURCES + 1
    for circuit in made[-2:]:
        fail(circuit)
    assert series()[metrics.OTHER] == 2
    made[-1].note(failed=False)
    assert series()[metrics.OTHER] == 1
    made[-2].note(failed=False)
    assert series()[metrics.OTHER] == 0
