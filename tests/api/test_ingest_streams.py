"""Rows that are stored while their file is read: nothing twice, nothing out of turn."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from services.ingest.cost_lines.draft_repository import LineWriting, make_drafts
from services.ingest.cost_lines.streaming_repository import LineStream
from services.ingest.cost_lines.writing_repository import Written, write_drafts
from shared.database import in_transaction, new_session
from shared.ids import new_id
from tests.running import ServiceUnderTest

Draft = tuple[int, str, str]
"""Row number, content and period; every amount is 1.50 EUR."""


def as_csv(drafts: Sequence[Draft], external_id: str = "") -> bytes:
    rows = []
    for row, name, period in drafts:
        identity = blake2b(f"{name} {period}".encode(), digest_size=16).hexdigest()
        rows.append(f"{row},{identity},{external_id},{period},1.50,EUR,,,,,,,,,,{{}},{{}}")
    return ("\n".join(rows) + "\n").encode()


@contextmanager
def a_stream(
    session: Session, source: str, pieces: Sequence[Sequence[Draft]]
) -> Iterator[LineStream]:
    stream = LineStream(session, LineWriting(source, "actual", new_id()))
    make_drafts(session)
    stream.begin()
    for piece in pieces:
        stream.write(as_csv(piece))
    yield stream


def imported(source: str, *pieces: Sequence[Draft]) -> Written:
    with in_transaction() as session, a_stream(session, source, pieces) as stream:
        return write_drafts(session, stream.how, stream)


def lines_of(source: str) -> list[tuple[int, int, str]]:
    """Row number, ordinal and period of the live lines."""
    with new_session() as session:
        found = session.execute(
            text(
                "select row_no, ordinal, period from cost_line"
                " where source = :source and live_to is null order by id"
            ),
            {"source": source},
        )
        return [(row, ordinal, period) for row, ordinal, period in found]


def push(ingest: ServiceUnderTest, source: str, period: str) -> None:
    item = {
        "external_id": "P", "source": source, "period": period, "amount": "1", "currency": "EUR",
    }  # fmt: skip
    answer = ingest.post("/v1/cost-lines/bulk", json={"items": [item]})
    assert answer.json()["results"][0]["status"] == "created", answer.text


def test_equal_rows_of_several_pieces_are_told_apart(ingest: ServiceUnderTest) -> None:
    a, b = (1, "a", "2026-01"), (2, "a", "2026-01")
    written = imported("equal", [a, b], [(3, "b", "2026-01"), (4, "a", "2026-01")])
    assert written.accepted["EUR"][0] == 4
    # A row that had to wait comes after those that were stored at once.
    assert sorted(lines_of("equal")) == [
        (1, 1, "2026-01"), (2, 2, "2026-01"), (3, 1, "2026-01"), (4, 3, "2026-01"),
    ]  # fmt: skip


def test_rows_that_are_there_already_are_duplicates(ingest: ServiceUnderTest) -> None:
    imported("again", [(1, "x", "2026-01"), (2, "x", "2026-01")])
    piece = [(1, "x", "2026-01"), (2, "y", "2026-01"), (3, "x", "2026-01"), (4, "x", "2026-01")]
    written = imported("again", piece)
    assert (written.accepted["EUR"][0], written.duplicate["EUR"][0]) == (2, 2)
    assert [(row, ordinal) for row, ordinal, _ in lines_of("again")] == [
        (1, 1), (2, 2), (2, 1), (4, 3),
    ]  # fmt: skip


def test_rows_with_ids_of_their_own_wait_for_the_end(ingest: ServiceUnderTest) -> None:
    with in_transaction() as session, a_stream(session, "own-ids", []) as stream:
        stream.write(as_csv([(1, "1", "2026-01")], external_id="1"))
        stream.write(as_csv([(2, "2", "2026-01")], external_id="2"))
        assert stream.stored == {}
        written = write_drafts(session, stream.how, stream)
    assert written.accepted["EUR"][0] == 2
    assert [row for row, _, _ in lines_of("own-ids")] == [1, 2]


def test_a_change_that_overtakes_the_reading_has_the_earlier_number(
    ingest: ServiceUnderTest,
) -> None:
    pieces = [[(1, "o", "2026-02"), (2, "o", "2026-03")]]
    with in_transaction() as session, a_stream(session, "slow", pieces) as stream:
        first = stream.number
        push(ingest, "quick", "2026-02")
        number = write_drafts(session, stream.how, stream).number
    with new_session() as session:
        found = session.execute(
            text(
                "select l.period, l.source, l.live_from, c.last_change from cost_line l"
                " join period_change c using (period, scenario)"
                " where l.source in ('slow', 'quick') and c.topic = 'cost_lines'"
            )
        )
        numbers = {(period, source): (at, last) for period, source, at, last in found}
    assert numbers["2026-02", "quick"][0] > first
    assert numbers["2026-02", "slow"] == (number, number)
    assert numbers["2026-03", "slow"] == (first, number)


def test_a_period_closed_while_the_file_is_read_takes_none_of_its_rows(
    ingest: ServiceUnderTest,
) -> None:
    pieces = [[(1, "c", "2025-11"), (2, "c", "2025-12")]]
    with in_transaction() as session, a_stream(session, "closing", pieces) as stream:
        with in_transaction() as other:
            closing = "insert into accounting_period (period, status) values ('2025-11', 'closed')"
            other.execute(text(closing))
        written = write_drafts(session, stream.how, stream)
    assert (written.accepted["EUR"][0], written.refused["EUR"][0]) == (1, 1)
    assert lines_of("closing") == [(2, 1, "2025-12")]
    assert imported("closing", [(1, "late", "2025-11")]).refused["EUR"][0] == 1


def test_of_two_imports_that_wait_for_each_other_one_is_broken_off(
    ingest: ServiceUnderTest,
) -> None:
    one, other = (1, "one", "2026-04"), (2, "other", "2026-04")
    outcomes: list[str] = []

    def go_on(stream: LineStream, piece: Sequence[Draft]) -> None:
        try:
            stream.write(as_csv(piece))
            write_drafts(stream.session, stream.how, stream)
            stream.session.commit()
            outcomes.append("stored")
        except OperationalError:
            stream.session.rollback()
            outcomes.append("broken off")

    with (
        new_session() as first,
        new_session() as second,
        a_stream(first, "both", [[one]]) as a,
        a_stream(second, "both", [[other]]) as b,
    ):
        threads = [Thread(target=go_on, args=(a, [other])), Thread(target=go_on, args=(b, [one]))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["broken off", "stored"]
    assert len(lines_of("both")) == 2


@pytest.mark.parametrize("attempts", [0, 1])
def test_an_attempt_after_one_that_was_broken_off_stores_the_same(
    ingest: ServiceUnderTest, attempts: int
) -> None:
    rows = ["2026-05-01,10.00,EUR", "2026-05-01,10.00,EUR", "2026-06-01,5.00,EUR", "?,1,EUR"]
    content = "\n".join(["Date,Amount,Currency", *rows]).encode()
    source = f"attempt-{attempts}"
    sent = ingest.post(
        "/v1/imports",
        files={"file": ("l.csv", content, "text/csv")},
        data={"kind": "ledger", "source": source},
    ).json()
    with in_transaction() as session:
        statement = text("update job set attempts = :attempts where id = :id")
        session.execute(statement, {"attempts": attempts, "id": UUID(sent["job"]["id"])})
    ingest.run_jobs()
    found = ingest.get(f"/v1/imports/{sent['id']}").json()
    assert (found["rows"]["accepted"], found["rows"]["rejected"]) == (3, 1)
    assert len(lines_of(source)) == 3
