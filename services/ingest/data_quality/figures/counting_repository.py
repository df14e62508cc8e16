"""The SQL that counts a period's lines once and keeps the figures until the lines change."""

import json
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.data_quality.domain import FIELDS, LONGEST_DAYS, PeriodFigures
from services.ingest.data_quality.figures.as_json import figures_from_json
from services.ingest.data_quality.figures.unmapped import PoolFigures
from shared.database import in_transaction
from shared.line_fields import LIVE_LINES
from shared.money import plain
from shared.periods import previous_period
from shared.postgres import advisory_locks

KEPT_GROUPS, KEPT_OF_ALL, KEPT_PAIRS = 5_000, 20_000, 500
COUNTING_MEMORY = "128MB"
PLAIN_TEXTS = tuple(name for name in FIELDS if name not in {"posted_on", "tags"})
_filled = ", ".join(
    [f"count(nullif(l.{name}, '')) as {name}_rows" for name in PLAIN_TEXTS]
    + ["count(l.posted_on) as posted_on_rows",
       "count(*) filter (where l.tags <> '{}') as tags_rows"]
)  # fmt: skip
_GROUPS = f"""
create temporary table quality_group on commit drop as
select l.source, l.currency, nullif(l.account, '') as account, nullif(l.vendor, '') as vendor,
    count(*) as rows, sum(l.amount) as amount, sum(abs(l.amount)) as gross, {_filled},
    min(uuid_extract_timestamp(l.id)) as first_at, max(uuid_extract_timestamp(l.id)) as last_at
from cost_line l where {LIVE_LINES} group by 1, 2, 3, 4
"""
_SOURCES = f"""
select source, currency, cast(sum(rows) as bigint), sum(amount), sum(gross),
    min(first_at), max(last_at), {", ".join(f"cast(sum({name}_rows) as bigint)" for name in FIELDS)}
from quality_group group by 1, 2 order by 1, 2
"""
_DIMENSION = """
select source, key, currency, rows, amount from (
    select source, {name} as key, currency, cast(sum(rows) as bigint) as rows,
        sum(amount) as amount,
        row_number() over (partition by source order by sum(gross) desc, {name}) as place,
        row_number() over (order by sum(gross) desc, source, {name}) as place_of_all
    from quality_group where {name} is not null group by 1, 2, 3
) ranked where place <= :kept and place_of_all <= :kept_of_all order by 1, 2, 3
"""
_PAYABLE = (
    "l.period in (:period, :previous) and l.scenario = :scenario and l.live_to is null"
    " and l.vendor <> '' and l.document <> ''"
)
# A payment that was taken back (the same amount as a credit) is not a second one. Numbers are
# compared first, which is cheap: only what repeats by them is looked at by its texts.
_SEVERAL = (
    "count(*) filter (where {amount} > 0) > count(*) filter (where {amount} < 0) + 1"
    " and bool_or({period} = :period and {amount} > 0)"
)
_NUMBER = "hashtextextended(l.vendor, hash_numeric_extended(abs(l.amount), 0))"
_PAYMENTS = f"""
create temporary table quality_payment on commit drop as
with number as materialized (
    select {_NUMBER} as number from cost_line l where {_PAYABLE} and l.amount <> 0
    group by 1 having {_SEVERAL.format(amount="l.amount", period="l.period")}
), line as materialized (
    select l.id, l.source, l.period, l.vendor, l.currency, l.amount, l.document, l.posted_on
    from cost_line l join number n on n.number = {_NUMBER} where {_PAYABLE} and l.amount <> 0
), suspicious as materialized (
    select vendor, currency, abs(amount) as amount from line group by 1, 2, 3
    having min(document) filter (where amount > 0) <> max(document) filter (where amount > 0)
        and {_SEVERAL.format(amount="amount", period="period")}
)
select s.vendor, s.currency, s.amount, l.document, count(*) as lines,
    min(coalesce(l.posted_on, to_date(l.period, 'YYYY-MM'))) as day, min(l.posted_on) as posted_on,
    max(l.period) as period, (array_agg(l.id order by l.id))[1] as id,
    (array_agg(l.source order by l.id))[1] as source
from line l join suspicious s
    on s.vendor = l.vendor and s.currency = l.currency and s.amount = l.amount
group by 1, 2, 3, 4
"""
_PAIRS = """
create temporary table quality_pair on commit drop as
select * from (
    select *, lag(id) over w as first_id, lag(source) over w as first_source,
        lag(period) over w as first_period, lag(document) over w as first_document,
        lag(posted_on) over w as first_posted_on, lag(lines) over w as first_lines,
        day - lag(day) over w as days
    from quality_payment
    window w as (partition by vendor, currency, amount order by day, document)
) p where first_id is not null and period = :period and days <= :longest
"""
_KEPT_PAIRS = """
select vendor, amount, currency, days, first_id, first_source, first_period, first_document,
    first_posted_on, first_lines, id, source, period, document, posted_on, lines
from quality_pair order by amount desc, vendor, document limit :kept
"""


def figures_of(session: Session, periods: list[str], scenario: str) -> dict[str, PeriodFigures]:
    """The figures of these periods; those that are not kept, or of older lines, are counted."""
    found: dict[str, PeriodFigures] = {}
    for period, change, counted_after, content in _kept(session, periods, scenario):
        fresh = content if counted_after == change else count_period(period, scenario)
        found[period] = figures_from_json(fresh)
    return found


def _kept(
    session: Session, periods: list[str], scenario: str
) -> list[tuple[str, int, int | None, Any]]:
    rows = session.execute(
        text(
            "select p.period, p.last_change, f.change_number, f.content from period_change p"
            " left join quality_figures f on f.period = p.period and f.scenario = p.scenario"
            " and f.topic = 'lines' where p.topic = 'cost_lines' and p.scenario = :scenario"
            " and p.period = any(:periods) and p.last_change > 0 order by 1"
        ),
        {"periods": periods, "scenario": scenario},
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def pools_of(session: Session, periods: list[str], scenario: str) -> dict[str, PoolFigures]:
    """What allocation last said of the money without a pool in these periods."""
    rows = session.execute(
        text(
            "select period, content from quality_figures where topic = 'pools'"
            " and scenario = :scenario and period = any(:periods)"
        ),
        {"periods": periods, "scenario": scenario},
    )
    return {period: PoolFigures.from_json(content) for period, content in rows}


def keep_pools(period: str, scenario: str, pools: PoolFigures) -> None:
    """Keep what allocation said, for the trend of later periods."""
    with in_transaction() as session:
        keep(session, period, scenario, "pools", 0, pools.to_json())


def count_period(period: str, scenario: str) -> dict[str, Any]:
    """Count a period's lines as they are now and keep the figures; once, whoever asks."""
    with in_transaction() as session:
        advisory_locks.hold(session, f"quality:{period}:{scenario}")
        (known,) = _kept(session, [period], scenario)
        _, change, counted_after, content = known
        if counted_after == change:
            return dict(content)
        content = _count(session, period, scenario, change)
        keep(session, period, scenario, "lines", change, content)
        return content


def keep(
    session: Session, period: str, scenario: str, topic: str, change: int, content: Any
) -> None:
    """Keep figures instead of older ones."""
    session.execute(
        text(
            "insert into quality_figures (period, scenario, topic, change_number, content)"
            " values (:period, :scenario, :topic, :change, cast(:content as jsonb))"
            " on conflict (period, scenario, topic) do update set content = excluded.content,"
            " change_number = excluded.change_number, counted_at = now()"
            " where quality_figures.change_number <= excluded.change_number"
        ),
        {"period": period, "scenario": scenario, "topic": topic, "change": change,
         "content": json.dumps(content, ensure_ascii=False)},
    )  # fmt: skip


def _count(session: Session, period: str, scenario: str, change: int) -> dict[str, Any]:
    session.execute(text(f"select set_config('work_mem', '{COUNTING_MEMORY}', true)"))
    binds = {"period": period, "scenario": scenario, "lines_as_of": change}
    session.execute(text(_GROUPS), binds)
    sources: dict[str, dict[str, Any]] = {}
    for row in session.execute(text(_SOURCES)):
        _add_currency(sources, row)
    for dimension in ("account", "vendor"):
        statement = text(_DIMENSION.format(name=dimension))
        limits = {"kept": KEPT_GROUPS, "kept_of_all": KEPT_OF_ALL}
        for source, key, currency, rows, amount in session.execute(statement, limits):
            group = [dimension, key, currency, rows, plain(amount)]
            sources[source]["groups"].append(group)
    return {"sources": sources} | _doubles(session, period, scenario)


def _add_currency(sources: dict[str, dict[str, Any]], row: Any) -> None:
    source, currency, rows, amount, gross, *moments = row[:7]
    first_at, last_at = (moment.isoformat(timespec="microseconds") for moment in moments)
    filled = row[7:]
    entry = sources.setdefault(
        source,
        {"filled": dict.fromkeys(FIELDS, 0), "first_at": first_at, "last_at": last_at,
         "money": [], "groups": []},
    )  # fmt: skip
    entry["first_at"] = min(entry["first_at"], first_at)
    entry["last_at"] = max(entry["last_at"], last_at)
    entry["money"].append([currency, rows, plain(amount), plain(gross)])
    for name, count in zip(FIELDS, filled, strict=True):
        entry["filled"][name] += count


def _doubles(session: Session, period: str, scenario: str) -> dict[str, Any]:
    binds = {"period": period, "previous": previous_period(period), "scenario": scenario}
    session.execute(text(_PAYMENTS), binds)
    session.execute(text(_PAIRS), {"period": period, "longest": LONGEST_DAYS})
    counted = session.execute(
        text(
            "select source, currency, days, count(*), sum(amount * least(lines, first_lines))"
            " from quality_pair group by 1, 2, 3 order by 1, 2, 3"
        )
    )
    doubles = [[*key, count, plain(amount)] for *key, count, amount in counted]
    pairs = []
    for row in session.execute(text(_KEPT_PAIRS), {"kept": KEPT_PAIRS}):
        vendor, amount, currency, days, *payments = row
        first, second = _payment(payments[:6]), _payment(payments[6:])
        pairs.append([vendor, plain(amount), currency, days, first, second])
    return {"doubles": doubles, "pairs": pairs}


def _payment(cells: list[Any]) -> list[Any]:
    identifier, source, period, document, posted_on, lines = cells
    day = None if posted_on is None else posted_on.isoformat()
    return [str(identifier), source, period, document, day, lines]
