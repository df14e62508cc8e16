"""Even a query that got past the check can change nothing: the database takes one statement."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url

from shared.clients.outside import database as outside_database
from shared.clients.outside.database import OutsideDatabase, Place
from shared.clients.outside.problems import SourceSaysNo
from shared.clients.outside.select import Select
from tests.api.sources import changed_settings


@pytest.fixture
def reader(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OutsideDatabase]:
    """The embedded Postgres as somebody who may write, without the check of the words."""
    url = make_url(database)
    monkeypatch.setattr(outside_database, "check_select", lambda *_: None)
    with changed_settings(source_hosts=[str(url.host)]):
        place = Place("postgresql", url.host, url.port, str(url.database), url.username)
        place = Place(**{**place.__dict__, "password": url.password})
        yield OutsideDatabase(place, pause=lambda _: False)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select 1 as id) s; commit; create table gone(id int); select * from (select 1 as id",
         "multiple commands"),
        ("select nextval('change_number') as id", "read-only"),
        ("select set_config('transaction_read_only', 'off', true) as id", "before any query"),
    ],
)  # fmt: skip
def test_a_second_statement_and_a_write_are_refused_by_the_database(
    reader: OutsideDatabase, query: str, words: str
) -> None:
    with pytest.raises(SourceSaysNo, match=words):
        reader.read(Select(query=query, order=["id"], limit=5))
