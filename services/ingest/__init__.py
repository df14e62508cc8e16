"""The ingest service: facts come in, every row accounted for."""

import os

# One thread for Polars, before anything imports it: our columns are short, and handing each of the
# many small steps to a pool of threads made reading a ledger 3 times slower on a busy machine.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
