"""Redis' silence in words for people: a full disk ends an embedded server at its next write, again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from labrelay.errors import ServiceUnavailable, StorageFull
from labrelay.room import is_full


@contextmanager
def reaching(disk: Path | None) -> Iterator[None]:
    """Calls of Redis.

    Args:
        disk: a folder on the server's disk, None where that is another machine's.

    Raises:
        StorageFull: the server's disk is full.
        ServiceUnavailable: it can't be reached.
    """
    try:
        yield
    except redis.RedisError as error:
        if disk is not None and is_full(disk):
            raise StorageFull("The gateway's disk is full: its live store (Redis) can write nothing.") from error
        raise ServiceUnavailable(f"The live store doesn't answer ({type(error).__name__}: {error}).") from error
