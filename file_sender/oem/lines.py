"""Uploads under way, a line of its own for each watched folder: one whose share hangs holds up no other."""

import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

AT_ONCE: Final = 3
QUEUED: Final = 12
HALF: Final = 6


class Lines:
    """Per folder `AT_ONCE` uploads run, and up to `QUEUED` are taken up."""

    def __init__(self) -> None:
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._busy: dict[str, dict[str, Future[None]]] = {}
        self.still = True

    def __len__(self) -> int:
        return sum(map(len, list(self._busy.values())))  # asked from other threads too

    def __contains__(self, capture_id: str) -> bool:
        return any(capture_id in line for line in self._busy.values())

    @property
    def captures(self) -> Collection[str]:
        """Whose uploads are under way."""
        return {capture_id for line in self._busy.values() for capture_id in line}

    def tidy(self) -> None:
        """Forget what has ended; `still` says whether nothing had."""
        before = len(self)
        for folder, line in self._busy.items():
            self._busy[folder] = {capture_id: task for capture_id, task in line.items() if not task.done()}
        self.still = len(self) == before

    def take(self, folder: str, capture_id: str, upload: Callable[[], None]) -> bool:
        """Take an upload up; False where its folder's line is full."""
        line = self._busy.setdefault(folder, {})
        if len(line) >= QUEUED:
            return False
        pool = self._pools.setdefault(folder, ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"send-{folder}"))
        line[capture_id] = pool.submit(upload)
        return True

    def await_room(self, seconds: float) -> None:
        """Wait until one ends, and a line that is nearly full is half empty: asking anew for each costs more than it.

        Args:
            seconds: the longest wait.
        """
        end, lines = time.monotonic() + seconds, [list(line.values()) for line in self._busy.values() if line]
        while (left := end - time.monotonic()) > 0:
            wait([task for line in lines for task in line if not task.done()], left, FIRST_COMPLETED)
            if min((sum(not task.done() for task in line) for line in lines), default=0) <= HALF:
                return

    def stop(self) -> None:
        """Let those that run end, and begin none that waits."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in self._pools.values():
            pool.shutdown(wait=True)
