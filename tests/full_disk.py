"""A disk without room, as far as this process can see: no file may grow beyond a limit."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest


@contextlib.contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Writes beyond `size` bytes fail with EFBIG; CPython ignores the signal that goes with it."""
    resource: Any = pytest.importorskip("resource", reason="Windows limits no file's size")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
