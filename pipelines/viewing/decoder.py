"""Has images read by child processes: two at a time, each image bounded in time, and gone again when nobody looks."""

import json
import os
import subprocess
import sys
import threading
from typing import Any, Final

import pipelines.images.errors  # noqa: F401 - children tell of these kinds
from labrelay.http.problem import error_from
from pipelines.viewing.errors import DecodingFailed

CHILDREN: Final = 2
LONGEST_S: Final = 60.0
IDLE_S: Final = 180.0
PROCESS: Final = "pipelines.viewing.process"
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Child:
    """One process that reads images, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this Python, a fixed module
            [sys.executable, "-m", PROCESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
        )

    def ask(self, question: dict[str, Any], longest_s: float) -> tuple[dict[str, Any], bytes]:
        """The answer's head and bytes.

        Raises:
            DecodingFailed: it took longer, or the process ended over it.
        """
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        end = threading.Timer(longest_s, self._process.kill)
        end.start()
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            head = json.loads(self._process.stdout.readline() or b"{}")
            data = self._process.stdout.read(int(head["bytes"]))
            if len(data) == head["bytes"]:
                return head, data
        except (OSError, ValueError, KeyError):
            pass  # the same as an answer that is cut off
        finally:
            end.cancel()
        raise DecodingFailed(f"The image couldn't be read within {longest_s:g} s, or ended the process that read it.")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class Decoder:
    """The children, started when somebody looks at an image.

    Args:
        longest_s: seconds that one answer may take.
        idle_s: seconds after which children end that nobody asks.
    """

    def __init__(self, longest_s: float = LONGEST_S, idle_s: float = IDLE_S) -> None:
        self._longest_s = longest_s
        self._idle_s = idle_s
        self._turns = threading.BoundedSemaphore(CHILDREN)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._reaper: threading.Timer | None = None

    def ask(self, what: str, **asked: Any) -> tuple[dict[str, Any], bytes]:
        """What a child answers; waits while both are at work.

        Raises:
            DecodingFailed: the child ended, or took too long.
            LabrelayError: what it said of the image.
        """
        with self._turns:
            child = self._taken()
            try:
                head, data = child.ask({"what": what, **asked}, self._longest_s)
            except BaseException:
                child.close()
                raise
            self._give_back(child)
        if "problem" in head:
            raise error_from(head["problem"], int(head["problem"]["status"]))
        return head, data

    def warm(self) -> None:
        """Somebody is about to look: a child begins to load what it needs, and nobody waits for it here."""
        with self._lock:
            ready = bool(self._idle)
        if not ready and self._turns.acquire(blocking=False):
            try:
                self._give_back(Child())
            finally:
                self._turns.release()

    def close(self) -> None:
        """End all children that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
            if self._reaper is not None:
                self._reaper.cancel()
        for child in idle:
            child.close()

    def _taken(self) -> Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Child()

    def _give_back(self, child: Child) -> None:
        with self._lock:
            self._idle.append(child)
            if self._reaper is not None:
                self._reaper.cancel()
            self._reaper = threading.Timer(self._idle_s, self.close)
            self._reaper.daemon = True
            self._reaper.start()
