"""Ports for tests: below those that the system gives to outgoing calls, and another part for each parallel worker.

A port is handed out before its service listens, so neither a call nor another worker may take it in between.
"""

import itertools
import os
import random
import socket
from typing import Final

FIRST: Final = 20_000
LAST: Final = 32_000
"""Linux gives outgoing calls ports from 32,768 on."""


def _part() -> range:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = (LAST - FIRST) // workers
    return range(FIRST + number * width, FIRST + (number + 1) * width)


_ports = itertools.cycle(_part())
for _ in range(random.randrange(len(_part()))):  # another start each time: what ran before may still hold its ports
    next(_ports)


def take_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    free = (port for port in _ports if _is_free(port))
    return list(itertools.islice(free, count))


def take_port() -> int:
    """A port that nobody listens on now."""
    return take_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
