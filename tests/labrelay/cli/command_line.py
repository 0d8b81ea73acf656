"""The command `labrelay` called as its entry point calls it, with what it printed."""

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

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


def labrelay(*words: str) -> Answer:
    """Call the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    with (
        patch.object(sys, "argv", ["labrelay", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code
    return Answer(int(str(status or 0)), out.getvalue(), err.getvalue())
