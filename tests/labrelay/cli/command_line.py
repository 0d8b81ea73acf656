"""The command `labrelay` called as its entry point calls it, with what it printed."""

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import structlog

from labrelay.cli import main


@dataclass(frozen=True)
class Answer:
    """Exit status and output of one call."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@contextlib.contextmanager
def logging_as_before() -> Iterator[None]:
    """Some commands silence the logs of their process, which here is that of other tests too."""
    before = structlog.get_config() if structlog.is_configured() else None
    try:
        yield
    finally:
        structlog.reset_defaults()
        if before:
            structlog.configure(**before)


def labrelay(*words: str) -> Answer:
    """Call the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    with (
        logging_as_before(),
        patch.object(sys, "argv", ["labrelay", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code
    return Answer(int(str(status or 0)), out.getvalue(), err.getvalue())
