"""Structured logs: one JSON object a line, in UTC, with the id of the request or job."""

import logging
import re
import sys
from contextvars import ContextVar

import structlog
from structlog.types import EventDict, WrappedLogger

from shared.ids import new_id

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")


_NOISY = (
    "uvicorn.access", "httpx", "httpcore", "procrastinate", "numba", "fontTools",
    "sqlalchemy", "python_multipart", "charset_normalizer",  # these would show values
)  # fmt: skip
PROCESS_ID = str(new_id())
"""Stands in the lines that belong to no request and no job, such as those of a start."""


def _add_correlation_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.setdefault("correlation_id", correlation_id.get() or PROCESS_ID)
    return event


_ROW = re.compile(r"DETAIL:.*?(?=\n(?:HINT|CONTEXT|\[SQL|\(Background)|\n\n|\Z)", re.DOTALL)


def _without_rows(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The database quotes the row that breaks a rule; what it holds is nobody's to read here."""
    if "exception" in event:
        event["exception"] = _ROW.sub("DETAIL: (left out)", event["exception"])
    return event


def set_up_logs(service: str, level: str) -> None:
    """Send our own and the libraries' logs to standard error as JSON lines."""
    shared_steps: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_correlation_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    structlog.configure(
        processors=[*shared_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_steps,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda _, __, event: {"service": service, **event},
                # ASCII alone, so that no character of a caller's ends a line for any reader.
                structlog.processors.JSONRenderer(ensure_ascii=True, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by the name of its module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
