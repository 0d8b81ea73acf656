"""An instrument that streams files of unique content in the background."""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.background import while_lasting
from tests.faults.oracle import sha256_of

SIZES = (900, 20_000, 60_000, 200_000)
LARGE = 4_000_000
EVERY = 15
"""Each so-manieth file is a large one."""


@dataclass
class Stream:
    """Writes files until it is stopped, and remembers what it wrote.

    Attributes:
        folder: the watched folder.
        written: name below the folder → hex SHA-256 of the last finished content. The oracle goes by it.
        ever: digests of all contents that ever stood finished under a name.
        pause_s: seconds between two files.
        forgiven: names that a fault ends on purpose; only that their jobs end is asked of them.
    """

    folder: Path
    chance: random.Random
    written: dict[str, str] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    pause_s: float = 0.3
    forgiven: set[str] = field(default_factory=set)
    _number: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def write(self, name: str, size: int = 20_000, pieces: int = 2, pause_s: float = 0.01) -> Path:
        """One file of unique content, in pieces; it counts as written when it is closed."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            for _ in range(pieces):
                stream.write(os.urandom(size // pieces))
                stream.flush()
                time.sleep(pause_s)
        self.ever.add(digest := sha256_of(path))
        self.written[name] = digest
        return path

    def write_next(self) -> None:
        """The next file of the stream; every other pipeline's turn by its name."""
        self._number += 1
        number = self._number
        size = LARGE if number % EVERY == 0 else self.chance.choice(SIZES)
        kind = "bento" if number % 3 == 0 else "worker"
        self.write(f"plate{number // 24:03d}/run {number % 2}/{kind}-{number:06d}.tif", size)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Stream until the block ends; a file whose folder is away is left out."""
        with while_lasting(self._run, "instrument"):
            yield

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(self.pause_s * self.chance.uniform(0.2, 1.8)):
            try:
                with self._turn:
                    self.write_next()
            except OSError:
                continue

    @contextmanager
    def halted(self) -> Iterator[None]:
        """The instrument writes nothing until the block ends."""
        with self._turn:
            yield
