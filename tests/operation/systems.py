"""A whole `btim up` in a folder of its own: so many replicas, a gateway where nginx is there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from cli.postgres.server import PostgresServer
from cli.project import StartError
from cli.system.free_ports import free_port
from cli.system.gateway import find_nginx
from cli.system.listeners import SERVICES
from tests.running import outside_environment

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class System:
    """One that runs: where it answers, who works in it."""

    folder: Path
    replicas: int
    urls: dict[str, str]
    key: str
    gateway: str | None
    port_base: int
    pid: int

    @property
    def entrance(self) -> str:
        """Which way requests take."""
        return "through the gateway" if self.gateway else "without a gateway (nginx is missing)"

    def direct_urls(self) -> list[str]:
        """The first replica of each service, past the gateway."""
        return [f"http://127.0.0.1:{self.port_base + place}" for place in range(len(SERVICES))]

    def processes(self) -> list[tuple[str, int]]:
        """Names and ids of its services, workers and gateway."""
        found: list[tuple[str, int]] = []
        for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                words = (entry / "cmdline").read_text().split("\0")
            except (OSError, IndexError):
                continue
            if parent != self.pid or "postgres" in words[0]:
                continue
            modules = {"cli.serve": "", "cli.work": "-worker"}
            kinds = [f"{words[3]}{modules[word]}" for word in words if word in modules]
            kind = kinds[0] if kinds else "gateway"
            count = sum(name.partition("#")[0] == kind for name, _ in found)
            found.append((f"{kind}#{count + 1}", int(entry.name)))
        return found

    def connections(self) -> int:
        """How many the database has now."""
        server = PostgresServer(self.folder)
        server.find_running()
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            row = connection.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
            ).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def a_system(folder: Path, replicas: int) -> Iterator[System]:
    """Start it, stop it; the same folder holds the same database."""
    try:
        find_nginx()
        gateway = ["--gateway-port", str(free_port())]
    except StartError:
        gateway = []
    port_base = free_port()
    options = [
        *("--data-dir", str(folder), "--port-base", str(port_base)),
        *("--replicas", str(replicas), "--workers", str(replicas)),
    ]
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--json", *options, *gateway],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=outside_environment(BTIM_LOG_LEVEL="WARNING"),
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"btim up does not start, see {folder.parent / folder.name}.log"
        told: dict[str, str] = json.loads(line)
        key = Path(told["admin_key_file"]).read_text().strip()
        urls = {service: told[service] for service in SERVICES}
        yield System(folder, replicas, urls, key, told.get("gateway"), port_base, process.pid)
    finally:
        process.terminate()
        process.wait(90)
        process.stdout.close()
