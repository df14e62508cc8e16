"""Lists and single objects of the allocation service against a bare endpoint, in one run.

    python -m bench.http_lists [--seconds 6]

Both are served by one uvicorn process with the settings of `cli.serve` and read the same table
of the same embedded Postgres; both stand the same load in turn, and the ratio is printed.
"""

import argparse

import psycopg

from bench.database import bench_database
from bench.http_load import Load, measure, request_bytes
from bench.serving import ALLOCATION, serving

SIZES = (1_000, 10_000, 100_000)
SINGLES = 500
ROUNDS = 3
TABLE_HEAD = """
| objects | request | bare /s | ours /s | ratio | bare p99 ms | ours p99 ms |
| ---: | --- | ---: | ---: | ---: | ---: | ---: |"""


def main() -> None:
    """Print one table; three sizes of the table of cost objects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    seconds = parser.parse_args().seconds
    with bench_database() as database:
        environment = {**database.environment, "BARE_DATABASE_URL": database.server.dsn}
        applications = [ALLOCATION, "bench.bare_endpoint:app"]
        with serving(environment, applications) as (ours, bare):
            print(TABLE_HEAD)
            for size in SIZES:
                ids = _fill(database.server.dsn, size)
                _compare(size, ids, ours.port, bare.port, database.admin_key, seconds)


def _compare(size: int, ids: list[str], ours: int, bare: int, key: str, seconds: float) -> None:
    cases = {
        "list of 100": (
            [request_bytes(bare, "/list")],
            [request_bytes(ours, "/v1/resources?limit=100", key)],
        ),
        "single object": (
            [request_bytes(bare, f"/single/{each}") for each in ids],
            [request_bytes(ours, f"/v1/resources/{each}", key) for each in ids],
        ),
    }
    for name, (bare_requests, our_requests) in cases.items():
        rivals, us = [], []
        for _ in range(ROUNDS):  # in turn, so that other work on the machine hits both
            rivals.append(measure(bare, bare_requests, seconds / ROUNDS))
            us.append(measure(ours, our_requests, seconds / ROUNDS))
        print(_row(size, name, _middle(rivals), _middle(us)), flush=True)


def _middle(loads: list[Load]) -> Load:
    """The round with the median throughput."""
    return sorted(loads, key=lambda load: load.per_second)[len(loads) // 2]


def _row(size: int, name: str, rival: Load, us: Load) -> str:
    return (
        f"| {size:,} | {name} | {rival.per_second:,.0f} | {us.per_second:,.0f} "
        f"| {us.per_second / rival.per_second:.2f} | {rival.p99_ms:.1f} | {us.p99_ms:.1f} |"
    )


def _fill(dsn: str, size: int) -> list[str]:
    """`size` resources in the table; answers some of their ids."""
    with psycopg.connect(dsn) as connection:
        connection.execute("delete from cost_object")
        connection.execute(
            "insert into cost_object (id, layer, code, names, descriptions, parent, tags,"
            " attributes, standard, valid_from, valid_to, owner, unit_driver, capacity_driver,"
            " value_chain_stage, version, created_at, updated_at)"
            " select uuidv7(), 'resource', 'SERVER-' || lpad(n::text, 7, '0'),"
            " jsonb_build_object('en', 'Server ' || n, 'zh-CN', '服务器 ' || n), '{}', null,"
            " jsonb_build_object('team', 'T' || n %% 20), '{\"region\": \"eu-west-1\"}', null,"
            " '2024-01', null, 'platform', null, null, null, 1, now(), now()"
            " from generate_series(1, %s) n",
            [size],
        )
        ids = connection.execute(
            "select id::text from cost_object order by md5(code) limit %s", [SINGLES]
        ).fetchall()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze cost_object")
    return [row[0] for row in ids]


if __name__ == "__main__":
    main()
