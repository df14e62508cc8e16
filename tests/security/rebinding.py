"""A DNS server that answers with a public address once and with loopback from then on.

Run in a network and with mounts of its own (`unshare --net --mount`): its resolver is the one
that the process asks. Says how many connections each way of calling has led to loopback.
"""

import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from shared.clients.events import send_to_webhook
from shared.clients.outside.client import OutsideClient
from shared.clients.outside.hosts import addresses_of
from shared.clients.public_addresses import is_public
from shared.errors import Problem
from shared.tables.platform import OutboxEvent, Webhook
from tests.security.hostile_addresses import Counting

PUBLIC, LOOPBACK = "93.184.215.14", "127.0.0.1"
A, AAAA = 1, 28


def serve_names() -> None:
    """Answer questions on port 53: the first for a name's address honestly, the next not."""
    asked: set[bytes] = set()
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((LOOPBACK, 53))

    def answer() -> None:
        while True:
            query, sender = listening.recvfrom(4096)
            end = query.index(b"\0", 12) + 5
            question = query[12:end]
            kind = struct.unpack("!H", question[-4:-2])[0]
            found = b""
            if kind == A:
                address = LOOPBACK if question in asked else PUBLIC
                asked.add(question)
                found = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 0, 4) + socket.inet_aton(address)
            head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if found else 0, 0, 0)
            listening.sendto(head + question + found, sender)

    threading.Thread(target=answer, daemon=True).start()


def by_hand(host: str, port: int) -> None:
    """What must not be done: check the name, then call the name."""
    if all(is_public(address) for address in addresses_of(host, port)):
        httpx.post(f"http://{host}:{port}/", timeout=3, trust_env=False)


def as_webhook(host: str, port: int) -> None:
    """What is done for a webhook."""
    hook = Webhook(url=f"http://{host}:{port}/", secret="whsec_" + "MDEy" * 8)
    event = OutboxEvent(
        id=uuid4(), type="import.finished", resource_id="1", payload={},
        created_at=datetime.now(UTC),
    )  # fmt: skip
    send_to_webhook(hook, event, 1)


def as_source(host: str, port: int) -> None:
    """What is done for a source."""
    with OutsideClient(f"http://{host}:{port}", timeout_seconds=3, pause=lambda _: None) as client:
        client.get("/")


def main() -> None:
    """Set the network up, call in each way, say what came of it."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w") as resolver:
        resolver.write(f"nameserver {LOOPBACK}\noptions timeout:1 attempts:1\n")
        resolver.flush()
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)
        serve_names()
        said = {}
        ways = {"looked up by hand": by_hand, "webhook": as_webhook, "source": as_source}
        for place, (name, call) in enumerate(ways.items()):
            listener = Counting()
            try:
                call(f"n{place}.rebind.example.org", listener.port)
            except (Problem, httpx.HTTPError) as error:
                sys.stderr.write(f"{name}: {error!r}\n")
            said[name] = listener.connections
            listener.close()
        sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
