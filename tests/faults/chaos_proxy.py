"""A TCP proxy on loopback that is slow, breaks off, goes silent or refuses, as it is told."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

RESET = struct.pack("ii", 1, 0)
CHUNK = 16_384


@dataclass
class Fault:
    """What is wrong with the line at the moment; nothing by default."""

    delay_seconds: float = 0.0
    reset_after_bytes: int | None = None
    refused_share: float = 0.0
    half_open: bool = False
    bytes_a_second: int | None = None


class ChaosProxy(threading.Thread):
    """Passes connections on to one address; `fault` may be changed while it runs."""

    def __init__(self, host: str, port: int, seed: int = 1) -> None:
        super().__init__(daemon=True)
        self.fault = Fault()
        self.broken = 0
        self.passed = 0
        self._target = (host, port)
        self._dice = random.Random(seed)
        self._serving: set[asyncio.Task[None] | None] = set()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self.start()
        self._started.wait()

    def run(self) -> None:
        """Serve until closed."""
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._socket))
        self._loop.call_soon(self._started.set)
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.05))  # transports end a turn later
        self._loop.close()

    @contextlib.contextmanager
    def with_fault(self, fault: Fault) -> Iterator[None]:
        """The line has this fault for a while; what it holds is broken off afterwards."""
        self.fault = fault
        try:
            yield
        finally:
            self.fault = Fault()

    def break_all(self) -> None:
        """Every connection that is open now is reset, as by a router that forgets."""
        self._loop.call_soon_threadsafe(
            lambda: [task.cancel() for task in asyncio.all_tasks(self._loop)]
        )

    def close(self) -> None:
        """End everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.join(30)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._serving.add(task)  # the loop itself would forget it
        try:
            await self._pass_both(reader, writer)
            writer.close()
        except (OSError, asyncio.CancelledError):
            self._reset(writer)
        finally:
            self._serving.discard(task)

    async def _pass_both(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self.fault
        if self._dice.random() < fault.refused_share:
            raise ConnectionRefusedError
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self.passed += 1
        left = [fault.reset_after_bytes]
        both = [
            asyncio.ensure_future(self._pass(reader, far_writer, left)),
            asyncio.ensure_future(self._pass(far_reader, writer, left)),
        ]
        try:
            await asyncio.gather(*both)
        finally:
            for one in both:
                one.cancel()
            far_writer.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int | None]
    ) -> None:
        while chunk := await reader.read(CHUNK):
            fault = self.fault
            while self.fault.half_open:
                await asyncio.sleep(0.05)  # nobody is told, and nothing comes through
            await asyncio.sleep(fault.delay_seconds)
            if fault.bytes_a_second:
                await asyncio.sleep(len(chunk) / fault.bytes_a_second)
            if left[0] is not None:
                writer.write(chunk[: left[0]])
                left[0] -= len(chunk)
                if left[0] <= 0:
                    await writer.drain()
                    raise ConnectionResetError
            else:
                writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        self.broken += 1
        near: socket.socket = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
