"""Ten kills in every test run, two hundred in `make prove`; `make crash-test` takes KILLS."""

import pytest

from tests.crash.accounts import Accounts
from tests.crash.crash_test import main


def test_nothing_accepted_is_lost_or_doubled_when_processes_are_killed() -> None:
    assert main(["--kills", "10", "--seed", "11", "--port-base", "18471"]) == 0


@pytest.mark.slow
def test_nothing_is_lost_in_two_hundred_kills_of_two_replicas_of_everything() -> None:
    arguments = ["--kills", "200", "--check-every", "20", "--replicas", "--port-base", "18541"]
    assert main([*arguments, "--seed", "2026"]) == 0


def accounts_of_two_lines() -> Accounts:
    accounts = Accounts()
    accounts.note_lines({"A": 1, "B": 2})  # type: ignore[dict-item]
    return accounts


def test_the_book_notices_a_lost_a_doubled_and_a_changed_line() -> None:
    found = accounts_of_two_lines().differences([("A", 1), ("A", 1)])  # type: ignore[list-item]
    assert found == ["A is there 2 times", "B is lost"]
    changed = accounts_of_two_lines().differences([("A", 1), ("B", 3)])  # type: ignore[list-item]
    assert changed == ["B is 3, not 2"]


def test_the_book_takes_an_unanswered_request_whole_or_not_at_all() -> None:
    accounts = Accounts()
    accounts.note_doubtful({"A": 1, "B": 2})  # type: ignore[dict-item]
    assert accounts.differences([]) == []
    assert accounts.differences([("A", 1), ("B", 2)]) == []  # type: ignore[list-item]
    assert accounts.differences([("A", 1)]) == [  # type: ignore[list-item]
        "1 of 2 lines of one request are there"
    ]
