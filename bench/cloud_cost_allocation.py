"""The same costs and keys through the PyPI library `cloud-cost-allocation` and through our engine.

    python -m bench.cloud_cost_allocation [--lines 10000 100000 1000000]

Cost lines name the service they are for; keys say how each service's costs are shared out over
the services that use it, in two steps. Both sides read the same two CSV files and write one: the
cost lines, and every flow with its amount. Starting Python and importing is not counted. The
rival lives in an environment of its own under build/rival, which is made once.
"""

import argparse
import random
import subprocess
import tempfile
import time
import venv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.database import ROOT

RIVAL = "cloud-cost-allocation==2.3.4"
UNDECLARED = ("requests", "validators")  # it imports them without asking for them
SIZES = (10_000, 100_000, 1_000_000)
DATE = "2026-01-31"
FANOUT = 20
CENTS = 2
HEAD = """
| lines | keys | rival s | ours s | ours faster x | rival's total is off by | ours |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""
ALLOCATE = "import sys; from bench.rival_allocation import allocate; allocate(*sys.argv[1:])"


@dataclass(frozen=True)
class Files:
    """What one comparison reads and writes."""

    costs: Path
    keys: Path
    theirs: Path
    ours: Path


def main() -> None:
    """Print one table, a row per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=SIZES)
    sizes = parser.parse_args().lines
    python = rival_python()
    if python is None:
        print(f"skipped: {RIVAL} cannot be installed here")
        return
    with tempfile.TemporaryDirectory(prefix="btim-bench-") as name:
        names = ("costs.csv", "keys.csv", "theirs.csv", "ours.csv")
        files = Files(*(Path(name) / one for one in names))
        write_inputs(files, 1_000)
        allocate(files)  # loads the compiled kernels
        print(HEAD)
        for lines in sizes:
            print(_compared(files, lines, python), flush=True)


def rival_python() -> Path | None:
    """The Python of an environment with the rival in it; None when it cannot be made."""
    folder = ROOT / "build" / "rival"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, RIVAL, *UNDECLARED], check=False, capture_output=True)
    return python if done.returncode == 0 else None


def _compared(files: Files, lines: int, python: Path) -> str:
    total, keys = write_inputs(files, lines)
    paths = [str(path) for path in (files.costs, files.keys, files.theirs)]
    rival = subprocess.run(
        [str(python), "-c", ALLOCATE, *paths],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    theirs = float(rival.stdout)
    began = time.perf_counter()
    allocate(files)
    ours = time.perf_counter() - began
    bills, exact = _bills(files.theirs), _bills(files.ours)
    assert bills.keys() == exact.keys()
    largest = max(abs(bills[code] - exact[code]) for code in exact)
    assert largest < Decimal("0.001"), f"the two sides disagree by {largest}"
    off = [abs(sum(found.values(), Decimal(0)) - total) for found in (bills, exact)]
    assert not off[1]
    return (
        f"| {lines:,} | {keys:,} | {theirs:.2f} | {ours:.2f} | {theirs / ours:.0f} |"
        f" {off[0]:.1e} | {off[1]:f} |"
    )


def write_inputs(files: Files, lines: int) -> tuple[Decimal, int]:
    """Costs of resources, keys to solutions and on to consumers; the total and the keys' number."""
    chance = random.Random(lines)
    counts = {"r": max(2, lines // 100), "s": max(FANOUT, lines // 200)}
    counts["c"] = max(FANOUT, lines // 400)
    cents = 0
    with files.costs.open("w") as out:
        out.write("Date,Service,Instance,Amount,Currency\n")
        for number in range(lines):
            amount = chance.randint(-50_000, 500_000)
            cents += amount
            code = f"r{number % counts['r']}"
            out.write(f"{DATE},{code},{code},{Decimal(amount).scaleb(-CENTS)},EUR\n")
    written = 0
    with files.keys.open("w") as out:
        out.write("Date,ProviderService,ConsumerService,ProviderCostAllocationKey\n")
        for source, target in (("r", "s"), ("s", "c")):
            for number in range(counts[source]):
                for place in range(FANOUT):
                    to = (number * 7 + place) % counts[target]
                    key = chance.randint(1, 9_999)
                    out.write(f"{DATE},{source}{number},{target}{to},{key}\n")
                    written += 1
    return Decimal(cents).scaleb(-CENTS), written


def allocate(files: Files) -> None:
    """Our side: the same files through the engine of a whole run."""
    from services.allocation.engine.run import run_allocation

    costs = pl.read_csv(files.costs, infer_schema=False)
    keys = pl.read_csv(files.keys, infer_schema=False)
    result = run_allocation(_input(costs, keys))
    lines = costs.select(
        pl.col("Service").alias("source"), pl.lit(None, pl.String).alias("target"), "Amount"
    )
    precision = result.precision["cost"]
    with files.ours.open("wb") as out:
        out.write(b"Source,Target,Amount\n")
        lines.write_csv(out, include_header=False)
        for leg in result.legs:
            codes = pl.Series([one.code for one in result.numbering.objects])
            sources = np.repeat(leg.object_of[leg.source], leg.rows.widths)
            flows = pl.DataFrame(
                {
                    "source": codes.gather(sources),
                    "target": codes.gather(leg.edge_targets),
                    "amount": pl.from_arrow(_decimals(leg.parts[0], precision)),
                }
            )
            flows.write_csv(out, include_header=False)


def _input(costs: pl.DataFrame, keys: pl.DataFrame) -> Any:
    from services.allocation.engine.columns import Column
    from services.allocation.engine.model import (
        EXACT_DECIMALS,
        DriverTable,
        LineGroups,
        MappingSpec,
        ObjectSpec,
        RunInput,
    )
    from services.allocation.engine.storing.parquet import as_column
    from services.allocation.runs.copied_text import as_whole_numbers

    amount = pl.col("Amount").cast(pl.Decimal(38, CENTS))
    sums = costs.group_by("Service").agg(
        amount.sum().alias("sum"), amount.abs().sum().alias("gross"), pl.len().alias("lines")
    )
    finer = 10 ** (EXACT_DECIMALS - CENTS)
    units = {
        name: [
            cents * finer for cents in as_whole_numbers(pa_chunked(sums[name].to_arrow())).tolist()
        ]
        for name in ("sum", "gross")
    }
    groups = LineGroups(
        currency=Column(np.zeros(len(sums), dtype=np.int32), ("EUR",)),
        columns={
            "fields.Service": Column.of(sums["Service"].to_list()),
            "cost_type": Column(np.full(len(sums), -1, dtype=np.int32), ()),
        },
        amounts=units["sum"],
        gross=units["gross"],
        line_counts=sums["lines"].to_numpy().astype(np.int64),
        decimals=CENTS,
    )
    table = DriverTable(
        code="keys",
        basis="measured",
        sources=as_column(pa_chunked(keys["ProviderService"].to_arrow())),
        targets=as_column(pa_chunked(keys["ConsumerService"].to_arrow())),
        quantities=keys["ProviderCostAllocationKey"].cast(pl.Int64).to_numpy(),
        decimals=0,
    )
    layers = {"r": "pool", "s": "solution", "c": "consumer"}
    every = pl.concat([costs["Service"], keys["ProviderService"], keys["ConsumerService"]])
    codes = every.unique().to_list()
    return RunInput(
        period="2026-01",
        currency="EUR",
        minor_digits=2,
        objects=[ObjectSpec(layers[code[0]], code) for code in codes],
        mappings=[
            MappingSpec("lines", "line_to_pool", "direct", {"field": "fields.Service"}),
            MappingSpec("first", "pool_to_solution", "driver", {}, driver="keys"),
            MappingSpec("second", "solution_to_consumer", "driver", {}, driver="keys"),
        ],
        groups=groups,
        drivers={"keys": table},
    )


def pa_chunked(array: Any) -> Any:
    """An Arrow array as a column of one chunk."""
    import pyarrow as pa

    return pa.chunked_array([array])


def _decimals(units: Any, precision: int) -> Any:
    """Whole units of 10^-precision as an Arrow array of decimals."""
    import pyarrow as pa

    limbs = np.ascontiguousarray(np.stack([units, units >> 63], axis=1))
    kind = pa.decimal128(38, precision)
    return pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(limbs)])


def _bills(path: Path) -> dict[str, Decimal]:
    """What every consumer gets by an output file of either side."""
    table = pl.read_csv(path, infer_schema=False)
    service = "Service" if "Service" in table.columns else "Target"
    rows = table.filter(pl.col(service).str.starts_with("c")).select(service, "Amount").rows()
    found: dict[str, Decimal] = {}
    for code, amount in rows:
        found[code] = found.get(code, Decimal(0)) + Decimal(amount)
    return found


if __name__ == "__main__":
    main()
