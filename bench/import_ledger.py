"""Imports through HTTP against a bare COPY of the rows that they store, in one run.

    python -m bench.import_ledger [--formats csv focus ndjson xlsx] [--sizes 10000 100000 1000000]

Ours is the time from the first byte of the upload until the lines are visible, in processes that
have done one small import. The rival copies the very rows that were stored (read out before) into
a table like cost_line with all its indexes and checks, on the same durable server. Peak memory is
that of our two processes and of the largest server process (its own, unshared part).
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.database import bench_database
from bench.ingesting import HEAD, compared
from bench.ledgers import write_csv, write_focus, write_ndjson, write_xlsx

SIZES = (10_000, 100_000, 1_000_000)
WORKBOOK_ROWS = 100_000
FORMATS: Mapping[str, tuple[str, str, Callable[[Path, int], Path]]] = {
    "csv": ("CSV, 12 columns", "ledger", write_csv),
    "focus": ("FOCUS Parquet, 47 columns", "focus", write_focus),
    "ndjson": ("NDJSON, 12 keys", "ledger", write_ndjson),
    "xlsx": ("XLSX, 12 columns", "ledger", write_xlsx),
}


def main() -> None:
    """Print one table, a row per format and size; workbooks have at most 100,000 rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked = parser.parse_args()
    with bench_database() as database:
        print(HEAD)
        for format_name in asked.formats:
            name, kind, write = FORMATS[format_name]
            warm_up = write(database.folder / f"warm-up.{format_name}", 100)
            for size in asked.sizes:
                if format_name == "xlsx" and size > WORKBOOK_ROWS:
                    continue
                file = write(database.folder / f"{size}.{format_name}", size)
                print(compared(database, file, warm_up, kind, name), flush=True)
                file.unlink()


if __name__ == "__main__":
    main()
