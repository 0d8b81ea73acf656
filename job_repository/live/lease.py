"""Who may use the live store: two gateways on one Redis would restore it over each other, again and again.

The holder's name stands in Redis with an end, which its heartbeat puts off. A gateway that comes again after a crash
has the same installation and goes on at once; another waits for the end, or is told to take over by a person.
"""

import json
import socket
import time
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import redis

from job_repository.live.reaching import reaching
from labrelay.errors import ServiceUnavailable
from labrelay.installation import installation_of
from labrelay.layout import GatewayLayout
from labrelay.telemetry import logger

OWNER: Final = "labrelay:owner"
LEASE_S: Final = 30.0
BEAT_S: Final = LEASE_S / 6
TAKE: Final = """
local held = redis.call('GET', KEYS[1])
if held and ARGV[3] == '0' and cjson.decode(held).installation ~= ARGV[2] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
return ''
"""
BEAT: Final = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ''
"""
GIVE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
LAST: Final = "labrelay:last-owner"
"""Whose record the store belongs to; it outlives the lease."""
_log = logger("job_repository.live.lease")


class LiveStoreTaken(ServiceUnavailable):
    """Another gateway uses this Redis as its live store."""

    code = "live_store_taken"
    default_next_step = (
        "Give this gateway a Redis (or a database number in `redis.url`) of its own. If it stands in for the other "
        "one, end that one and wait half a minute, or start this one once with `LABRELAY_REDIS__TAKE_OVER=true`."
    )


class Lease:
    """This process's right to the live store.

    Args:
        url: of the server.
        layout: of this gateway; nothing in it is touched before `take`.
        take_over: a person says that the other gateway doesn't run any more.
        disk: a folder on the server's disk, where that is this machine's.
        lease_s: seconds without a heartbeat after which another may take it.
    """

    def __init__(
        self,
        url: str,
        layout: GatewayLayout,
        *,
        take_over: bool = False,
        disk: Path | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._redis: Any = redis.Redis.from_url(url, decode_responses=True, socket_timeout=5, socket_connect_timeout=3)
        self._reaching = partial(reaching, disk)
        self._layout = layout
        self._take_over = take_over
        self._lease_ms = round(lease_s * 1000)
        self._process = {"process": uuid4().hex, "host": socket.gethostname(), "since": round(time.time())}
        self._held = False
        self._lost: LiveStoreTaken | None = None

    @property
    def held(self) -> bool:
        """Whether it is had, as far as this process knows.

        Raises:
            LiveStoreTaken: another gateway took it away; this process gets it never again.
        """
        if self._lost is not None:
            raise self._lost
        return self._held

    @cached_property
    def _installation(self) -> str:
        return installation_of(self._layout)

    @cached_property
    def _own(self) -> str:
        return json.dumps({"installation": self._installation, **self._process})

    def take(self) -> bool:
        """Take the right; whether the store is another installation's until now.

        Raises:
            LiveStoreTaken: another gateway has it.
            ServiceUnavailable: Redis can't be reached.
        """
        with self._reaching():
            asked = (self._own, self._installation, int(self._take_over), self._lease_ms)
            holder = self._redis.eval(TAKE, 1, OWNER, *asked)
            last = self._redis.get(LAST)
        if holder:
            raise _taken(holder)
        self._held = True
        return last not in (None, self._installation)

    def sign(self) -> None:
        """The store is this installation's now, from its record."""
        with self._reaching():
            self._redis.set(LAST, self._installation)

    def beat(self) -> None:
        """Put the end off.

        Raises:
            LiveStoreTaken: another gateway has taken it over.
            ServiceUnavailable: Redis can't be reached.
        """
        with self._reaching():
            holder = self._redis.eval(BEAT, 1, OWNER, self._own, self._lease_ms)
        if holder:
            self._lost = _taken(holder)
            _log.error("another gateway has taken the live store over", cause=self._lost.cause)
            raise self._lost

    def give(self) -> None:
        """Let it go at the end, so that nobody must wait."""
        if self._held and self._lost is None:
            try:
                self._redis.eval(GIVE, 1, OWNER, self._own)
            except redis.RedisError as error:
                _log.info("the live store's lease ends by itself", cause=str(error))
        self._redis.close()


def _taken(holder: str) -> LiveStoreTaken:
    told = json.loads(holder)
    since = datetime.fromtimestamp(told["since"], UTC).astimezone()
    return LiveStoreTaken(
        f"Another gateway ({told['host']}, since {since:%Y-%m-%d %H:%M}) uses this Redis as its live store."
    )
