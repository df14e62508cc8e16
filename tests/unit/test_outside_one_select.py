"""What a source may ask of a database: one SELECT, in which no word hides behind a quote."""

import pytest

from shared.clients.outside_one_select import check_select
from shared.errors import RuleBroken

HIDDEN = "a) s; commit; create table gone(a int); select * from (select 1 as id,"


@pytest.mark.parametrize(
    ("driver", "query"),
    [
        ("postgresql", f"select 1 as id, $$'$$ as {HIDDEN} $$'$$ as b"),
        ("postgresql", f"select 1 as id, $x$'$x$ as {HIDDEN} $x$'$x$ as b"),
        ("postgresql", rf"select 1 as id, E'\'' as {HIDDEN} E'\'' as b"),
        ("postgresql", rf"select 1 as id, U&'\0027' as {HIDDEN} '' as b"),
        ("postgresql", f"select 1 as id, /* /* */ ' */ 1 as {HIDDEN} /* /* */ ' */ 1 as b"),
        ("postgresql", f"select 1 as id -- \r as {HIDDEN} 1 as b\n"),
        ("mysql", rf"select 1 as id, '\'' as {HIDDEN} '\'' as b"),
        ("mysql", "select 1 as id /*!50000 into outfile '/tmp/x' */"),
        ("mysql", "select 5 --1 as id, '\n' as b"),
        ("mysql", f"select 1 as id # '\n as {HIDDEN} 1 as b # '"),
        ("mssql", f"select 1 as ['] {HIDDEN} 2 as [']"),
        ("oracle", f"select 1 as id, q'[']' as {HIDDEN} '' as b from dual"),
        ("sqlite", "select 1) union all (select 2"),
        ("sqlite", "select (1"),
        ("postgresql", "select pg_read_file('/etc/passwd') as id"),
        ("postgresql", "select pg_catalog.\"pg_read_file\" /**/ ('/etc/passwd') as id"),
        ("postgresql", "select lo_import('/etc/passwd') as id"),
        ("postgresql", "select * from dblink('host=elsewhere', 'select 1') as t(id int)"),
        ("mysql", "select load_file('/etc/passwd') as id"),
        ("mssql", "select * from openrowset('SQLNCLI', 'Server=elsewhere', 'select 1') as t"),
        ("oracle", "select utl_http.request('http://elsewhere') as id from dual"),
    ],
)
def test_words_cannot_hide_and_calls_cannot_reach_beyond_the_rows(driver: str, query: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        check_select(query, driver)
    assert caught.value.code == "not_a_select"


@pytest.mark.parametrize(
    ("driver", "query"),
    [
        ("postgresql", "select id, replace(text, 'a;b', ')') as text from gl -- it's all\n;"),
        ("postgresql", 'with x as (select 1 as id) select "update", pg_typeof(id) from x'),
        ("postgresql", "select id, tags[1] from gl where name like 'Level\\_E' and state = 'E'"),
        ("postgresql", "select id /* the row's own */ from gl where price = '$5$'"),
        ("mysql", "select `set`, 'it''s' as x from gl -- the end"),
        ("mssql", "select [Posting Date], [it's] from [dbo].[G/L Entry]"),
        ("sqlite", "select [delete], x from gl where note = 'drop table'"),
        ("oracle", "select id, amount from sys.v_$gl$items"),
    ],
)
def test_ordinary_queries_are_taken(driver: str, query: str) -> None:
    check_select(query, driver)
