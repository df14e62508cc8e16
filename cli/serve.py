"""One service in one process: `python -m cli.serve ingest --fd 7` (or `--host --port`)."""

import argparse
import socket

import uvicorn

from cli.listeners import SERVICES
from cli.loading_time import import_to_stay

DRAIN_SECONDS = 15


def serve(application: str, *, host: str, port: int, fd: int | None) -> None:
    """Serve until SIGTERM; then finish what is under way for at most DRAIN_SECONDS."""
    import_to_stay(application.partition(":")[0])
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,  # the application logs each request itself, as JSON
        log_config=None,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    sockets = None if fd is None else [socket.socket(fileno=fd)]
    uvicorn.Server(config).run(sockets=sockets)


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
