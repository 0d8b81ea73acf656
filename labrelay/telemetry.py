"""Logs as JSON lines on stderr, one event a line; metrics live beside what they measure."""

import contextlib
import logging
import sys
from typing import Any, TextIO, cast

import structlog

from labrelay.redaction import redact_event


class Unfailing:
    """A stream for logs: a line that can't be written (a full disk) is dropped, and stops nobody's work.

    Args:
        stream: where lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written; the length of the text in any case."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Bring to the file what can be brought."""
        with contextlib.suppress(OSError):
            self._stream.flush()


def configure_logging(service: str, level: str = "info") -> None:
    """Send all logs of this process, those of libraries too, to stderr as JSON lines."""
    errors = cast(TextIO, Unfailing(sys.stderr))
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(errors),
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(errors)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer(), foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def logger(name: str) -> Any:
    """A logger that takes an event and key-value pairs."""
    return structlog.get_logger(component=name)
