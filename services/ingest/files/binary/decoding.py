"""Starts the process that decodes a workbook or a Parquet file, and reads what it writes."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from services.ingest.files.detected import ReadHints
from services.ingest.files.limits import DECODERS_AT_ONCE, TURN_SECONDS, FileLimits
from services.ingest.files.problems import EXIT_REFUSED, problem_of_code, too_large, truncated_file
from shared.errors import Problem, Unavailable

# NumPy is not needed there, and to import it takes half of the time to start.
_START = (
    "import sys; sys.modules['numpy'] = None;"
    "from services.ingest.files.binary.decoder import main; sys.exit(main(sys.argv[1]))"
)
_at_once = threading.BoundedSemaphore(DECODERS_AT_ONCE)
_STOPPED_FROM_OUTSIDE = {signal.SIGTERM, signal.SIGKILL, signal.SIGHUP}


@dataclass(frozen=True)
class Decoded:
    """What was found out about a file, and its rows as text in batches of bounded size."""

    facts: dict[str, Any]
    batches: Iterator[pl.DataFrame]


@contextlib.contextmanager
def decoded(kind: str, path: Path, hints: ReadHints, limits: FileLimits) -> Iterator[Decoded]:
    """The rows of a file, decoded by a process that ends with this block.

    Raises Problem with one of `problems.FILE_CODES`, while the batches are iterated as well.
    """
    import pyarrow as pa

    request = {
        "kind": kind,
        "path": str(path),
        "sheet": hints.sheet,
        "known_columns": sorted(hints.known_columns),
        "limits": dataclasses.asdict(limits),
    }
    with _a_turn(), tempfile.TemporaryFile() as errors, _started(request, errors) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the decoder has no output")
            stream = pa.ipc.open_stream(process.stdout)
        except (pa.ArrowException, OSError) as error:
            raise _why(process, errors) from error
        facts = json.loads(stream.schema.metadata[b"facts"])
        yield Decoded(facts, _frames(stream, process, errors))


@contextlib.contextmanager
def _a_turn() -> Iterator[None]:
    """At most `DECODERS_AT_ONCE` decode; 503 for a file whose turn does not come."""
    if not _at_once.acquire(timeout=TURN_SECONDS):
        raise Unavailable("too many files are being decoded; try again later")
    try:
        yield
    finally:
        _at_once.release()


@contextlib.contextmanager
def _started(request: dict[str, Any], errors: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - our own program; the request goes as JSON
        [sys.executable, "-c", _START, json.dumps(request)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=_environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _environment() -> dict[str, str]:
    """Ours without our settings: a file that takes the decoder over finds no address and no key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BTIM_")}
    path = os.pathsep.join(place for place in sys.path if place)
    return kept | {
        "PYTHONPATH": path,
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others reserve more than they use
        "MALLOC_ARENA_MAX": "1",
        "RUST_BACKTRACE": "0",
    }


def _frames(
    stream: Any, process: subprocess.Popen[bytes], errors: IO[bytes]
) -> Iterator[pl.DataFrame]:
    import pyarrow as pa

    try:
        for batch in stream:
            frame = pl.from_arrow(pa.Table.from_batches([batch]))
            if isinstance(frame, pl.DataFrame):
                yield frame
    except (pa.ArrowException, OSError) as error:
        raise _why(process, errors) from error
    if process.wait() != 0:
        raise _why(process, errors)


def _why(process: subprocess.Popen[bytes], errors: IO[bytes]) -> Problem:
    """Why the decoder has ended early, as the caller is told."""
    code = process.wait()
    errors.seek(0)
    said = errors.read().decode("utf-8", "replace")
    if code == EXIT_REFUSED:
        refusal = json.loads(said.strip().splitlines()[-1])
        return problem_of_code(refusal["code"], refusal["detail"])
    if code == -signal.SIGXCPU:
        return too_large("unpacks_too_large", "Decoding the file takes longer than allowed.")
    if "memory allocation" in said:
        return too_large("unpacks_too_large", "Decoding the file needs more memory than allowed.")
    if -code in _STOPPED_FROM_OUTSIDE:
        return Unavailable("the decoding of the file was interrupted")
    if code > 0:
        raise RuntimeError(f"the decoder ended with {code}: {said[-2000:]}")
    return truncated_file("The file is damaged and cannot be read.")
