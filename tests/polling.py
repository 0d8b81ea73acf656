"""Waiting for what other threads and processes bring about."""

import time
from collections.abc import Callable
from typing import Literal, TypeVar

from labrelay.errors import LabrelayError

T = TypeVar("T")


def until(
    look: Callable[[], T | Literal[False] | None],
    what: str = "it comes about",
    seconds: float = 60.0,
    pause_s: float = 0.03,
) -> T:
    """The first true answer of `look`; a part that is being restarted counts as no answer yet."""
    end = time.monotonic() + seconds
    trouble: LabrelayError | None = None
    while time.monotonic() < end:
        try:
            if answer := look():
                return answer
        except LabrelayError as error:
            trouble = error
        time.sleep(pause_s)
    raise AssertionError(f"not within {seconds} s: {what}") from trouble
