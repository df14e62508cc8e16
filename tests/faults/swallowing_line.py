"""In a network of its own: the line to Postgres swallows every packet, then passes them again.

    unshare -n python -m tests.faults.swallowing_line

Prints as JSON how each request was answered meanwhile, and the seconds until all was well again.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.conftest import OPEN_ENVIRONMENT
from tests.faults.serving import ServedProcess, served
from tests.running import migrate

REQUESTS = 12
HEALED_SECONDS = 60.0
SILENCE = """
add table inet silence
add chain inet silence incoming {{ type filter hook input priority 0 ; }}
add rule inet silence incoming tcp dport {port} drop
add rule inet silence incoming tcp sport {port} drop
"""


def main() -> None:
    """Serve one service, swallow, pass, and tell."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    from cli.postgres.server import PostgresServer

    with PostgresServer.throw_away() as server, tempfile.TemporaryDirectory() as secrets:
        os.environ.update(OPEN_ENVIRONMENT)
        os.environ["BTIM_DATABASE_URL"] = server.dsn
        os.environ["BTIM_SECRETS_DIR"] = secrets
        _prepare(Path(secrets))
        with served("ingest") as service:
            before = service.ask_at_once(["/v1/sources"] * REQUESTS)
            assert {answer.status for answer in before} == {200}
            told = _through_silence(service, make_url(server.dsn).port or 5432)
    sys.stdout.write(json.dumps(told) + "\n")


def _prepare(secrets: Path) -> None:
    from shared.access.api_keys import write_all_key_files
    from shared.database import close_connections, in_transaction

    migrate()
    with in_transaction() as session:
        write_all_key_files(session, secrets)
    close_connections()


def _through_silence(service: ServedProcess, port: int) -> dict[str, list[float] | float]:
    _nft(SILENCE.format(port=port))
    with ThreadPoolExecutor(REQUESTS) as clients:
        answers = list(clients.map(service.ask, ["/v1/sources"] * REQUESTS))
    _nft("delete table inet silence")
    began = time.monotonic()
    while service.ask("/v1/sources").status != 200:
        assert time.monotonic() - began < HEALED_SECONDS, "it does not heal"
        time.sleep(0.05)
    return {
        "statuses": [answer.status for answer in answers],
        "seconds": [round(answer.seconds, 1) for answer in answers],
        "healed": round(time.monotonic() - began, 1),
    }


def _nft(commands: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=commands, text=True, check=True)


if __name__ == "__main__":
    main()
