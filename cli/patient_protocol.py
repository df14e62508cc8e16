"""Connections with an end: headers come in time, answers are read in time, neither grows freely."""

from asyncio import BaseTransport, TimerHandle
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.settings import get_settings

LARGEST_HEAD = 65_536
"""What the application itself refuses politely is smaller (shared/http/request_limits.py)."""
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class PatientProtocol(HttpToolsProtocol):  # type: ignore[misc,unused-ignore]
    """The server's own protocol with deadlines that it lacks."""

    leaving: ClassVar[bool] = False
    """Whether this process is about to stop: every answer is the last one on its connection."""
    _headers_due: TimerHandle | None = None
    _reader_due: TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: BaseTransport) -> None:
        """Headers are due from the first moment on."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._cancel_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of headers are counted; there is no end to them otherwise."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._headers_due is None:
                self._await_headers()
        super().data_received(data)
        if self._in_head and self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """From here on the application watches the body."""
        self._in_head = False
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None
        super().on_headers_complete()
        if self.leaving:
            self.say_goodbye()

    def on_message_complete(self) -> None:
        """Once its first bytes come, the next request's headers are due as well."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def say_goodbye(self) -> None:
        """Let the answer under way be the last one on this connection."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def pause_writing(self) -> None:
        """The reader is behind; what nobody takes is given up after a while."""
        super().pause_writing()
        self._reader_due = self.loop.call_later(
            get_settings().slow_reader_seconds, self.transport.abort
        )

    def resume_writing(self) -> None:
        """The reader has caught up."""
        if self._reader_due is not None:
            self._reader_due.cancel()
        super().resume_writing()

    def _await_headers(self) -> None:
        self._headers_due = self.loop.call_later(
            get_settings().slow_headers_seconds, self._end_if_idle
        )

    def _end_if_idle(self) -> None:
        """End a connection whose headers are overdue, unless an earlier answer still goes out."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def _cancel_timers(self) -> None:
        for timer in (self._headers_due, self._reader_due):
            if timer is not None:
                timer.cancel()
