"""The exact split of the engine against the same split in Polars and DuckDB, in one run.

All give the same parts: rounded down in 128 bits, the units left over one each to the largest
remainders, ties to the lower target. `python -m bench.engine_split` prints a table.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numba
import numpy as np
import polars as pl

from services.allocation.engine.splitting.split import split_csr

TARGETS_PER_SOURCE = 100
SIZES = (100_000, 1_000_000, 10_000_000)
NARROW = (10**12, 10**6)  # amounts up to 1,000,000 at six decimals, weights up to a million
WIDE = (2**61, 2**40)  # products that need 128 bits


class Case:
    """Random sources, each splitting one amount over its targets."""

    def __init__(self, flows: int, largest: tuple[int, int]) -> None:
        random = np.random.default_rng(7)
        sources = flows // TARGETS_PER_SOURCE
        self.flows = flows
        self.amounts = random.integers(1, largest[0], (1, sources))
        self.indptr = np.arange(0, flows + 1, TARGETS_PER_SOURCE, dtype=np.int64)
        self.weights = random.integers(1, largest[1], flows)
        self.source = np.repeat(np.arange(sources), TARGETS_PER_SOURCE)
        self.target = np.tile(np.arange(TARGETS_PER_SOURCE), sources)

    def frame(self) -> pl.DataFrame:
        """The flows as a table, as the rivals take them."""
        return pl.DataFrame(
            {
                "source": self.source,
                "target": self.target,
                "amount": self.amounts[0][self.source],
                "weight": self.weights,
            }
        )


def split_in_engine(case: Case) -> np.ndarray[Any, Any]:
    """Ours."""
    return split_csr(case.amounts, case.indptr, case.weights)[0]


def split_in_polars(frame: pl.DataFrame) -> np.ndarray[Any, Any]:
    """The same split as Polars expressions over Int128."""
    product = pl.col("amount").cast(pl.Int128) * pl.col("weight").cast(pl.Int128)
    total = pl.col("weight").cast(pl.Int128).sum().over("source")
    parts = (
        frame.lazy()
        .with_columns(product.alias("product"), total.alias("total"))
        .with_columns((pl.col("product") // pl.col("total")).alias("part"))
        .with_columns((pl.col("product") - pl.col("part") * pl.col("total")).alias("remainder"))
        .with_columns(
            (pl.col("amount") - pl.col("part").sum().over("source")).alias("spare"),
            pl.col("remainder")
            .rank("ordinal", descending=True)
            .over("source", order_by="target")
            .alias("place"),
        )
        .select((pl.col("part") + (pl.col("place") <= pl.col("spare"))).cast(pl.Int64))
        .collect()
    )
    return parts.to_series().to_numpy()


DUCKDB_SPLIT = """
with floors as (
    select source, target, amount,
        amount::hugeint * weight // sum(weight) over (partition by source) as part,
        amount::hugeint * weight % sum(weight) over (partition by source) as remainder
    from flows
), spares as (
    select source, target, part,
        amount - sum(part) over (partition by source) as spare,
        row_number() over (partition by source order by remainder desc, target) as place
    from floors
)
select (part + case when place <= spare then 1 else 0 end)::bigint as part
from spares order by source, target
"""


def split_in_duckdb(connection: duckdb.DuckDBPyConnection) -> np.ndarray[Any, Any]:
    """The same split as one statement over HUGEINT."""
    return connection.execute(DUCKDB_SPLIT).fetchnumpy()["part"]


def seconds(work: Callable[[], Any], times: int) -> float:
    """The median time of some calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def measure(name: str, case: Case, *, with_rivals: bool) -> list[str]:
    """One row of the table; the results of all are compared."""
    ours = split_in_engine(case)
    engine = seconds(lambda: split_in_engine(case), 7)
    copy = seconds(case.weights.copy, 15)
    row = [name, f"{case.flows:,}", f"{engine * 1000:.1f}", f"{engine / copy:.1f}"]
    if not with_rivals:
        return [*row, "", "", "", ""]
    frame = case.frame()
    assert np.array_equal(ours, split_in_polars(frame)), "Polars disagrees"
    polars = seconds(lambda: split_in_polars(frame), 3)
    with duckdb.connect() as connection:
        connection.register("frame", frame.to_arrow())
        connection.execute("create table flows as select * from frame")
        assert np.array_equal(ours, split_in_duckdb(connection)), "DuckDB disagrees"
        duck = seconds(lambda: split_in_duckdb(connection), 3)
    rivals = [f"{polars * 1000:.0f}", f"{polars / engine:.0f}"]
    return [*row, *rivals, f"{duck * 1000:.0f}", f"{duck / engine:.0f}"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=max(SIZES), help="flows of the largest case")
    largest = parser.parse_args().largest
    split_in_engine(Case(1_000, NARROW))
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},"
        f" numpy {np.__version__}, numba {numba.__version__},"
        f" polars {pl.__version__}, duckdb {duckdb.__version__}\n"
    )
    heads = ["path", "flows", "engine ms", "x memory copy"]
    heads += ["Polars ms", "engine faster x", "DuckDB ms", "engine faster x"]
    print("| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))
    for size in (size for size in SIZES if size <= largest):
        print("| " + " | ".join(measure("64-bit", Case(size, NARROW), with_rivals=True)) + " |")
    for size in (size for size in SIZES if size <= largest):
        print("| " + " | ".join(measure("two-limb", Case(size, WIDE), with_rivals=False)) + " |")


if __name__ == "__main__":
    main()
