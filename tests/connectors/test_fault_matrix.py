"""Every kind of source, broken in every way while it is synced: the same rows in the end."""

import itertools
from collections.abc import Iterator

import pytest

from tests.connectors.feeds import COUNT, FEEDS, Feed, open_sources, sync
from tests.running import ServiceUnderTest
from tests.simulators.faults import OF_PAGES, OF_TRANSPORT, FaultName

BREAKS = ("busy", "error", "unavailable", "slow", "reset", "half_json", "html", "expired")
AT_REQUEST = 4
_numbers = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def _open(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with open_sources(tmp_path_factory.mktemp("listed")):
        yield


@pytest.fixture
def feed(request: pytest.FixtureRequest) -> Iterator[Feed]:
    """A source of the kind that the test names."""
    made = FEEDS[request.node.callspec.params["kind"]](next(_numbers))
    with made.server:
        made.faults.slow_seconds = 1.4
        yield made


def break_and_mend(ingest: ServiceUnderTest, feed: Feed, fault: FaultName, times: int) -> None:
    """Sync with a fault on the way; where that breaks the sync, nothing shows, the next mends."""
    path = feed.add(ingest, timeout_seconds=1)
    feed.faults.plan(fault, AT_REQUEST, times)
    done = sync(ingest, path)
    assert set(feed.faults.happened) == {fault}
    if done["status"] == "failed":
        assert done["problem"]["code"].startswith("source_"), done
        assert feed.arrived(ingest) == {}
        feed.faults.clear()
        kept, broken = done["pages"], done["id"]
        done = sync(ingest, path)
        assert (done["resumes"], done["pages"] > kept) == (broken if kept else None, True)
    else:
        assert times == 1 or fault in OF_PAGES, f"{fault} was not noticed"
    assert done["status"] == "succeeded", done
    assert feed.arrived(ingest) == feed.truth()
    assert len(feed.truth()) == COUNT
    assert sync(ingest, path)["imports"] == []  # and nothing is left to be fetched


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("servicenow", "reset"),
        ("servicenow", "busy"),
        ("odata-v2", "error"),
        ("odata-v4", "half_json"),
        ("odata-unpaged", "html"),
        ("rest", "unavailable"),
    ],
)
def test_a_break_in_the_middle_leaves_the_same_rows(
    ingest: ServiceUnderTest, feed: Feed, kind: str, fault: FaultName
) -> None:
    break_and_mend(ingest, feed, fault, times=2)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("servicenow", "empty_page"),
        ("odata-v2", "duplicate_page"),
        ("odata-v4", "empty_page"),
        ("odata-unpaged", "smaller_pages"),
    ],
)
def test_an_odd_page_leaves_the_same_rows(
    ingest: ServiceUnderTest, feed: Feed, kind: str, fault: FaultName
) -> None:
    break_and_mend(ingest, feed, fault, times=1)


# A JSON API that answers one empty page, or the page before, gives no sign by which that could be
# told from the truth: such pages stay with the kinds whose protocol lets them be noticed.
UNNOTICED = {("rest", "empty_page"), ("rest", "duplicate_page"), ("rest", "smaller_pages")}
MATRIX = [
    (kind, fault, times)
    for kind in FEEDS
    for fault in (*OF_TRANSPORT, *OF_PAGES)
    for times in (1, 2)
    if (kind, fault) not in UNNOTICED
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "fault", "times"), MATRIX)
def test_every_fault_of_every_kind_leaves_the_same_rows(
    ingest: ServiceUnderTest, feed: Feed, kind: str, fault: FaultName, times: int
) -> None:
    break_and_mend(ingest, feed, fault, times)
