"""A crash at a numbered step of a deletion: from then on the process does nothing any more."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import file_receiver.gateway.stock
import file_sender.oem.originals
import labrelay.retention
from labrelay.retention import Decisions


class Crash(BaseException):
    """The process is gone."""


@contextlib.contextmanager
def crash_after(steps: int) -> Iterator[None]:
    """Let `steps` touches of files and words with the repository happen, and nothing after them."""
    done = 0

    def stopping(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            if done >= steps:
                raise Crash
            done += 1
            return call(*arguments, **named)

        return counted

    with pytest.MonkeyPatch.context() as patch:
        for name in ("set_aside", "put_back"):
            patch.setattr(labrelay.retention, name, stopping(getattr(labrelay.retention, name)))
        for name in ("drop", "put_back"):
            patch.setattr(file_receiver.gateway.stock, name, stopping(getattr(file_receiver.gateway.stock, name)))
        for name in ("_stand_again", "digest_file", "fsync_folder"):
            patch.setattr(file_sender.oem.originals, name, stopping(getattr(file_sender.oem.originals, name)))
        for name in ("let_go", "ended"):
            patch.setattr(Decisions, name, stopping(getattr(Decisions, name)))
        with contextlib.suppress(Crash):
            yield
