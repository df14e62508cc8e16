"""When sources are due, how watermarks order, which rows are sent on."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sources.choosing import hashes_of, last_of_each, not_known
from services.ingest.sources.rows import pack_rows
from services.ingest.sources.watermarks import capped, instant_of, later, latest, rewound
from shared.schedules import is_cron, next_time

LONDON = "Europe/London"


def times(cron: str, zone: str, after: datetime, count: int) -> list[str]:
    """The next times in UTC."""
    found = []
    for _ in range(count):
        after = next_time(cron, zone, after)
        found.append(after.strftime("%d %H:%M"))
    return found


def test_an_hour_that_comes_twice_counts_once() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert times("30 1 * * *", LONDON, before, 2) == ["25 00:30", "26 01:30"]


def test_an_hourly_schedule_takes_both() -> None:
    before = datetime(2026, 10, 24, 23, 45, tzinfo=UTC)
    assert times("30 * * * *", LONDON, before, 3) == ["25 00:30", "25 01:30", "25 02:30"]


def test_a_time_that_does_not_exist_is_made_up_for() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert times("30 1 * * *", LONDON, before, 2) == ["29 01:00", "30 00:30"]


def test_local_time_follows_the_zone() -> None:
    winter, summer = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    assert times("0 6 * * *", LONDON, winter, 1) + times("0 6 * * *", LONDON, summer, 1) == [
        "01 06:00",
        "01 05:00",
    ]
    assert times("0 6 * * *", "Asia/Shanghai", winter, 1) == ["01 22:00"]


@given(
    st.sampled_from(["30 1 * * *", "*/7 * * * *", "15 0-3 * * *", "0 2 * * 0", "59 23 31 12 *"]),
    st.sampled_from([LONDON, "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
)
def test_the_next_time_lies_ahead(cron: str, zone: str, after: datetime) -> None:
    moment = after.replace(tzinfo=UTC)
    assert moment < next_time(cron, zone, moment) < moment + timedelta(days=800)


@pytest.mark.parametrize(
    "text", ["", "@daily", "* * * *", "* * * * * *", "0 0 31 2 *", "x * * * *", "R R * * *"]
)
def test_only_five_fields_that_come_true_are_a_schedule(text: str) -> None:
    assert not is_cron(text)


def test_watermarks_order_by_what_they_are() -> None:
    assert later("9", "10") == "10"
    assert later("2026-01-05T10:00:00+02:00", "2026-01-05T09:00:00Z") == "2026-01-05T09:00:00Z"
    assert later(None, "a") == later("a", None) == "a"


def test_a_wrong_clock_does_not_move_the_watermark() -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    assert latest(["2026-01-31T00:00:00Z", "2099-01-01T00:00:00Z", None], now) == (
        "2026-01-31T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05 08:56:00", "2026-01-05 08:55:00"),
        ("2026-01-05T08:56:00Z", "2026-01-05T08:55:00Z"),
        ("2026-01-05T08:56:00.120Z", "2026-01-05T08:55:00.120Z"),
        ("2026-01-05T08:56:00.123456+00:00", "2026-01-05T08:55:00.123456+00:00"),
        ("2026-01-05T09:56:00+01:00", "2026-01-05T08:55:00+00:00"),
        ("2026-01-05", "2026-01-04"),
        ("4711", "4711"),
    ],
)
def test_a_margin_keeps_the_shape_of_the_watermark(text: str, expected: str) -> None:
    assert rewound(text, 60) == expected


def test_a_watermark_does_not_pass_the_begin_of_the_sync() -> None:
    begin = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)
    assert capped("2026-01-05 10:30:00.500", begin) == "2026-01-05 09:00:00.000"
    assert capped("2026-01-05T08:59:00Z", begin) == "2026-01-05T08:59:00Z"
    assert (capped("4711", begin), capped(None, begin)) == ("4711", None)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.integers(1, 10**6))
def test_a_margin_is_never_smaller_than_asked(moment: datetime, seconds: int) -> None:
    text = moment.isoformat(sep=" ")
    earlier = instant_of(rewound(text, seconds))
    assert earlier is not None
    assert earlier <= moment.replace(tzinfo=UTC) - timedelta(seconds=seconds)


keys = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=40)


@given(keys)
def test_of_each_record_its_last_state_is_sent_on(pairs: list[tuple[int, int]]) -> None:
    rows = [{"id": key, "state": state} for key, state in pairs]
    packed = pack_rows(rows, ["id"])
    wanted = last_of_each(hashes_of([packed.keys]))
    assert {key: state for (key, state), take in zip(pairs, wanted, strict=True) if take} == dict(
        pairs
    )
    assert wanted.sum() == len(dict(pairs))


@given(keys, st.integers(0, 40))
def test_known_rows_are_left_out_and_no_others(pairs: list[tuple[int, int]], cut: int) -> None:
    rows = [{"id": key, "state": state} for key, state in pairs]
    hashes = hashes_of([pack_rows(rows, ["id"]).hashes])
    known = hashes_of([pack_rows(rows[:cut], ["id"]).hashes])
    expected = [pair not in pairs[:cut] for pair in pairs]
    assert not_known(hashes, known).tolist() == expected
    assert np.array_equal(not_known(hashes, hashes), np.zeros(len(pairs), dtype=bool))
