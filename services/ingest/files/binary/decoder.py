"""What the child process of `decoding.py` does: decodes one workbook or Parquet file, in bounds.

The libraries for these formats end the whole process when the memory runs out, and a file of a
kilobyte can make them ask for any amount. So they run here, not in a worker: the rows come out as
an Arrow stream of text columns on standard output, whose schema carries what was found. A file
that cannot be read is exit code 3 and `{"code", "detail"}` as the last line of standard error.
"""

import json
import resource
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.ingest.files.limits import MIB
from services.ingest.files.problems import (
    EXIT_REFUSED,
    encrypted_file,
    too_large,
    truncated_file,
)
from shared.errors import Problem

_BATCH_CELLS = 400_000
_BATCH_BYTES = 16 * MIB


def main(said: str) -> int:
    """Decode what the request names; 0 when every row was written."""
    request = json.loads(said)
    _bind(request["limits"]["decoder_bytes"], request["limits"]["decoder_seconds"])
    try:
        _write(request)
    except Problem as problem:
        return _refused(problem)
    except BrokenPipeError:
        return 0  # the reader has seen enough
    except BaseException as error:
        # The libraries answer damage with many errors; a panic of theirs is no Exception.
        return _refused(_problem_of(error))
    return 0


def _bind(memory_bytes: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who has started it ends it
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _write(request: dict[str, Any]) -> None:
    if request["kind"] == "parquet":
        from services.ingest.files.binary.parquet_cells import parquet_cells

        facts, batches = parquet_cells(request["path"], request["limits"])
    else:
        from services.ingest.files.binary.sheet_cells import sheet_cells

        facts, batches = sheet_cells(request)
    names = facts["columns"]
    schema = pa.schema([pa.field(str(place), pa.string()) for place in range(len(names))])
    described = schema.with_metadata({"facts": json.dumps(facts)})
    with (
        pa.PythonFile(sys.stdout.buffer, mode="w") as sink,
        pa.ipc.new_stream(sink, described) as stream,
    ):
        longest = request["limits"]["line_characters"]
        for batch in batches:
            texts = pa.RecordBatch.from_arrays(
                [_storable(column.cast(pa.string())) for column in batch.columns], schema=schema
            )
            for piece in _pieces(texts, longest):
                stream.write_batch(piece)


def _storable(texts: pa.Array) -> pa.Array:
    """Texts without zero characters, which the database does not take."""
    content = texts.buffers()[2]
    if content is None or b"\x00" not in content.to_pybytes():
        return texts
    return pc.replace_substring(texts, "\x00", "\ufffd")


def _pieces(batch: pa.RecordBatch, longest: int) -> Iterator[pa.RecordBatch]:
    """A batch in pieces of bounded size; 413 `line_too_long` where one value is larger."""
    for column in batch.columns:
        most = pc.max(pc.binary_length(column)).as_py() if len(column) else None
        if most is not None and most > 4 * longest:
            raise too_large("line_too_long", f"A value is longer than {longest} characters.")
    yield from _halves(batch, max(1, _BATCH_CELLS // max(1, batch.num_columns)))


def _halves(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    if batch.num_rows > rows or (batch.num_rows > 1 and batch.nbytes > _BATCH_BYTES):
        middle = batch.num_rows // 2
        yield from _halves(batch.slice(0, middle), rows)
        yield from _halves(batch.slice(middle), rows)
    else:
        yield batch


def _problem_of(error: BaseException) -> Problem:
    if isinstance(error, MemoryError) or "memory" in str(error).lower():
        return too_large("unpacks_too_large", "Decoding the file needs more memory than allowed.")
    if "password" in str(error).lower():
        return encrypted_file()
    return truncated_file("The file is damaged and cannot be read.")


def _refused(problem: Problem) -> int:
    said = json.dumps({"code": problem.code, "detail": problem.detail})
    sys.stderr.write(f"\n{said}\n")
    sys.stderr.flush()
    return EXIT_REFUSED
