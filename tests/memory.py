"""Resident memory of processes, looked at while a block runs."""

import threading
from collections.abc import Callable, Iterable

import psutil

EVERY_S = 0.2
Named = tuple[str, psutil.Process]


class Memory:
    """Watches all processes of a system, those that come later too.

    Attributes:
        growth: by process, bytes of the most that was seen above what it had at first.

    Args:
        processes: those that run now, with their names; asked again and again.
        every_s: seconds between two looks; a look costs some milliseconds of the processor.
    """

    def __init__(self, processes: Callable[[], Iterable[Named]], every_s: float = EVERY_S) -> None:
        self.growth: dict[str, int] = {}
        self._first: dict[str, int] = {}
        self._processes = processes
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def __str__(self) -> str:
        return ", ".join(f"{name} {grown / 1e6:.0f} MB" for name, grown in sorted(self.growth.items()))

    @property
    def most(self) -> int:
        """The growth of the process that grew most, bytes."""
        return max(self.growth.values(), default=0)

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            for name, process in self._processes():
                self._look(f"{name} {process.pid}", process)

    def _look(self, key: str, process: psutil.Process) -> None:
        try:
            resident = process.memory_info().rss
        except psutil.NoSuchProcess:
            return
        first = self._first.setdefault(key, resident)
        self.growth[key] = max(self.growth.get(key, 0), resident - first)


def family(name: str, pid: int | None) -> list[Named]:
    """A process and its children, all under one name; none where it doesn't run."""
    try:
        root = psutil.Process(pid) if pid is not None else None
        return [(name, each) for each in (root, *root.children(recursive=True))] if root else []
    except psutil.NoSuchProcess:
        return []
