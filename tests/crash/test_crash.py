"""Two hundred kills in `make prove`, one of each kind in every test run (test_up.py)."""

import pytest

from tests.crash.accounts import Accounts
from tests.crash.crash_test import main


@pytest.mark.slow
def test_nothing_is_lost_in_two_hundred_kills_of_two_replicas_of_everything() -> None:
    often = ["--kills", "200", "--together", "5", "--check-every", "50", "--seed", "2026"]
    assert main([*often, "--replicas", "--port-base", "18541"]) == 0


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
