"""A large company made inside Postgres: objects, mappings, lines, quantities, by one share of all.

With share 1: 1 million lines in 100,000 groups, 50,000 objects, 2,000 mappings, 2 million driver
quantities; a run over it moves 10 million flows. Everything is the same on every machine.
"""

from dataclasses import dataclass

import psycopg

PERIOD = "2026-01"
CURRENCY = "EUR"
CHANGE = 1
COST_CENTERS = 50
STEP = 37  # has no divisor in common with any number of objects, so targets differ


@dataclass(frozen=True)
class Size:
    """How much of everything there is."""

    share: float

    def of(self, whole: int, least: int = 1) -> int:
        """The share of a number, never below the least."""
        return max(least, round(whole * self.share))

    def numbers(self) -> dict[str, int]:
        """All numbers that the statements need."""
        groups = self.of(400, 2)
        return {
            "lines": self.of(1_000_000),
            "accounts": self.of(1_000, 2),
            "account_mappings": self.of(800, 1),
            "pools": self.of(200, 1),
            "resources": self.of(20_000, 200),
            "solutions": self.of(20_000, 200),
            "consumers": self.of(9_800, 151),
            "groups": groups,
            "metered_resources": round(groups * 0.4),
            "metered_solutions": max(1, round(groups * 0.2275)),
        }


OBJECTS = """
insert into cost_object (id, layer, code, names, descriptions, parent, tags, attributes, version)
select uuidv7(), '{layer}', '{start}' || lpad(n::text, 6, '0'),
    jsonb_build_object('en', '{word} ' || n, 'zh-CN', '{chinese} ' || n), '{{}}', null,
    jsonb_build_object('group', 'G' || n % {groups}), '{{"region": "eu-west-1"}}', 1
from generate_series(0, {count} - 1) n
"""

MAPPINGS = """
insert into mapping (id, model_version_id, code, stage, priority, portion, source, method, target,
    driver, on_zero, version)
select uuidv7(), v.id, m.code, m.stage, 100, 100, m.source, m.method, m.target, m.driver,
    'unallocated', 1
from (select id from model_version where status = 'draft') v, (
    select 'line-' || n as code, 'line_to_pool' as stage, 'direct' as method,
        null as driver,
        jsonb_build_object('account', jsonb_build_array(
            'A' || n, 'A' || n + {account_mappings})) as source,
        jsonb_build_object('object', 'P' || lpad((n % {pools})::text, 6, '0')) as target
    from generate_series(0, {account_mappings} - 1) n
    union all
    select 'pool-' || n || half, 'pool_to_resource', 'driver', 'POOL-' || n || half,
        jsonb_build_object('code', 'P' || lpad(n::text, 6, '0'),
            'cost_center', jsonb_build_object('starts_with', half)), '{{}}'
    from generate_series(0, {pools} - 1) n, (values ('A'), ('B')) halves (half)
    union all
    select 'resource-' || n, 'resource_to_solution', 'driver', 'RESOURCE-' || n,
        jsonb_build_object('tags.group', 'G' || n), '{{}}'
    from generate_series(0, {groups} - 1) n
    union all
    select 'solution-' || n, 'solution_to_consumer', 'driver', 'SOLUTION-' || n,
        jsonb_build_object('tags.group', 'G' || n), '{{}}'
    from generate_series(0, {groups} - 1) n
) m
"""

LINES = """
insert into cost_line (identity, ordinal, external_id, source, period, scenario, amount, currency,
    posted_on, cost_type, account, cost_center, vendor, document, description, asset, project,
    tags, fields, row_no, live_from)
select md5(n::text)::uuid, 1, 'L' || n, 'ledger', '{period}', 'actual',
    ((n::bigint * 7919) % 1000003)::numeric / 100 - 300,
    case when cc % 10 < 7 then 'EUR' when cc % 10 < 9 then 'USD' else 'GBP' end,
    date '{period}-01' + n % 28,
    case when (n / ({accounts} * {cost_centers})) % 2 = 0 then 'opex' else 'capex' end,
    'A' || n % {accounts},
    case when cc < {cost_centers} / 2 then 'A' else 'B' end || cc,
    'Vendor ' || n % 5000, 'D' || n / 4, 'Payment for item ' || n, null, 'P' || n % 200,
    jsonb_build_object('team', 'T' || n % 40), '{{}}', n, {change}
from (select n, (n / {accounts}) % {cost_centers} as cc
    from generate_series(0, {lines} - 1) n) one
"""

# One row per driver, source or none, and target; three kinds of drivers.
QUANTITIES = """
insert into driver_quantity (driver, period, scenario, source, target, quantity, live_from)
select 'POOL-' || n || half, '{period}', 'actual', null,
    'R' || lpad(((n * 211 + ascii(half) * 53 + k * {step}) % {resources})::text, 6, '0'),
    ((n * 31 + k * 17) % 997 + 1)::numeric / 4, {change}
from generate_series(0, {pools} - 1) n, (values ('A'), ('B')) halves (half),
    generate_series(0, 199) k
union all
select 'RESOURCE-' || n % {groups}, '{period}', 'actual', 'R' || lpad(n::text, 6, '0'),
    'S' || lpad(((n * 419 + k * {step}) % {solutions})::text, 6, '0'),
    ((n * 13 + k * 29) % 9973 + 1)::numeric / 8, {change}
from generate_series(0, {resources} - 1) n, generate_series(0, 149) k
where n % {groups} < {metered_resources}
union all
select 'RESOURCE-' || n, '{period}', 'actual', null,
    'S' || lpad(((n * 419 + k * {step}) % {solutions})::text, 6, '0'), (n + k) % 50 + 1, {change}
from generate_series({metered_resources}, {groups} - 1) n, generate_series(0, 149) k
union all
select 'SOLUTION-' || n % {groups}, '{period}', 'actual', 'S' || lpad(n::text, 6, '0'),
    'C' || lpad(((n * 613 + k * {step}) % {consumers})::text, 6, '0'),
    ((n * 7 + k * 23) % 9967 + 1)::numeric / 8, {change}
from generate_series(0, {solutions} - 1) n, generate_series(0, 149) k
where n % {groups} < {metered_solutions}
union all
select 'SOLUTION-' || n, '{period}', 'actual', null,
    'C' || lpad(((n * 613 + k * {step}) % {consumers})::text, 6, '0'), (n + k) % 70 + 1, {change}
from generate_series({metered_solutions}, {groups} - 1) n, generate_series(0, 149) k
"""

REST = """
insert into driver (id, code, names, unit, basis, version)
select uuidv7(), driver, '{{}}', 'units', 'measured', 1
from (select distinct driver from driver_quantity) d;
insert into exchange_rate (period, from_currency, to_currency, kind, rate, live_from)
values ('{period}', 'USD', 'EUR', 'average', 0.92153, {change}),
    ('{period}', 'GBP', 'EUR', 'average', 1.16871, {change});
insert into period_change (period, scenario, topic, last_change)
select '{period}', 'actual', topic, {change}
from unnest(array['cost_lines', 'driver_quantities', 'exchange_rates']) topic;
update model_version set status = 'published', is_open = false;
"""

ANOTHER_MONTH = """
insert into cost_line (identity, ordinal, external_id, source, period, scenario, amount, currency,
    posted_on, cost_type, account, cost_center, vendor, document, description, asset, project,
    tags, fields, row_no, live_from)
select md5(identity::text || '{month}')::uuid, ordinal, external_id || '-{month}', source,
    '{month}', scenario, amount * {factor}, currency, posted_on, cost_type, account, cost_center,
    vendor, document, description, asset, project, tags, fields, row_no, live_from
from cost_line where period = '{period}';
insert into driver_quantity (driver, period, scenario, source, target, quantity, live_from)
select driver, '{month}', scenario, source, target, quantity, live_from
from driver_quantity where period = '{period}';
insert into exchange_rate (period, from_currency, to_currency, kind, rate, live_from)
select '{month}', from_currency, to_currency, kind, rate, live_from
from exchange_rate where period = '{period}';
insert into period_change (period, scenario, topic, last_change)
select '{month}', scenario, topic, last_change from period_change where period = '{period}'
"""

TABLES = (
    "cost_line, driver_quantity, driver, exchange_rate, period_change, cost_object, mapping,"
    " model_version, allocation_run, run_chunk, run_balance, run_unallocated"
)
LAYERS = (
    ("pool", "P", "Pool", "成本池", "pools"),
    ("resource", "R", "Resource", "资源", "resources"),
    ("solution", "S", "Solution", "解决方案", "solutions"),
    ("consumer", "C", "Consumer", "使用方", "consumers"),
)


def fill(dsn: str, size: Size) -> None:
    """Put a company of this size into the database, in place of what was there."""
    numbers = size.numbers()
    known = {
        "step": STEP,
        **numbers,
        "period": PERIOD,
        "change": CHANGE,
        "cost_centers": COST_CENTERS,
    }
    with psycopg.connect(dsn) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(f"truncate {TABLES} cascade")
        connection.execute("set session_replication_role = origin")
        for layer, start, word, chinese, count in LAYERS:
            named = {"layer": layer, "start": start, "word": word, "chinese": chinese}
            statement = OBJECTS.format(**named, groups=numbers["groups"], count=numbers[count])
            connection.execute(statement)
        connection.execute(
            "insert into model_version (id, status, is_open, stages, authors, version)"
            " values (uuidv7(), 'draft', true, '{}', '{}', 1)"
        )
        for statement in (MAPPINGS, LINES, QUANTITIES, *REST.strip().split(";\n")):
            connection.execute(statement.format(**known).rstrip(";"))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def add_month(dsn: str, month: str, factor: str) -> None:
    """The facts of the first month once more for another, every amount times a factor."""
    with psycopg.connect(dsn) as connection:
        for statement in ANOTHER_MONTH.strip().split(";\n"):
            connection.execute(statement.format(month=month, factor=factor, period=PERIOD))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze")
