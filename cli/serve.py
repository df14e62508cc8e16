"""One service in one process: `python -m cli.serve ingest --fd 7` (or `--host --port`)."""

import argparse
import asyncio
import socket
import time
from types import FrameType

import uvicorn

from cli.loading_time import import_to_stay
from cli.patient_protocol import PatientProtocol
from cli.system.listeners import SERVICES
from shared.jobs.waiting import let_go
from shared.settings import get_settings

DRAIN_SECONDS = 15
GOODBYE_SECONDS = 1.0
"""For requests that are on their way on connections that callers keep."""


def serve(application: str, *, host: str, port: int, fd: int | None) -> None:
    """Serve until SIGTERM; then finish what is under way for at most DRAIN_SECONDS."""
    import_to_stay(application.partition(":")[0])
    trusted = get_settings().trusted_proxies
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=PatientProtocol,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=trusted,
        access_log=False,  # the application logs each request itself, as JSON
        log_config=None,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    sockets = None if fd is None else [socket.socket(fileno=fd)]
    _Server(config).run(sockets=sockets)


class _Server(uvicorn.Server):
    """Lets its callers go before it stops: none of them is cut off in the middle of asking."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT."""
        let_go()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, end the others after their next answer, then the idle ones."""
        PatientProtocol.leaving = True
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            if isinstance(connection, PatientProtocol):
                connection.say_goodbye()
        until = time.monotonic() + GOODBYE_SECONDS
        while self.server_state.connections and time.monotonic() < until:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def main() -> None:
    """Serve the named service."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--fd", type=int, help="a listening socket handed down by the supervisor")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    wished = parser.parse_args()
    serve(f"services.{wished.service}.main:app", host=wished.host, port=wished.port, fd=wished.fd)


if __name__ == "__main__":
    main()
