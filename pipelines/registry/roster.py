"""The roster: pipelines that ship with labrelay, and every other that sends heartbeats."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid5

ALIVE_S: Final = 10.0
"""A worker that is silent for longer isn't alive."""

FORGOTTEN_S: Final = 86_400.0
"""A worker, and a pipeline that doesn't ship with labrelay, is forgotten after so long a silence."""

PIPELINES: Final = UUID("2f9a0f2c-6a3b-4c0e-9f0b-7f6d1f5f8e31")

SHIPPED: Final = {
    "nuclei": ("Nuclei", "Finds, counts and measures the nuclei in a fluorescence image"),
    "cells": ("Cells", "Finds, counts and measures the cells in a DIC or phase contrast image"),
    "only-file": ("Simulator: only-file", "Copies the image; no result text"),
    "multi-file": ("Simulator: multi-file", "Copies the image five times; no result text"),
    "only-results": ("Simulator: only-results", "Answers a fixed cell count; no files"),
    "file-and-results": ("Simulator: file-and-results", "Copies the image and answers a fixed cell count"),
}
"""Topic → name and description."""


@dataclass
class Entry:
    """One pipeline; `workers` holds the monotonic time in seconds of each worker's last heartbeat."""

    topic: str
    name: str
    description: str
    workers: dict[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The same at every call and on every machine."""
        return str(uuid5(PIPELINES, self.topic))


@dataclass(frozen=True)
class Presence:
    """A pipeline as it stands now; `workers` holds the seconds since each one's last heartbeat."""

    id: str
    topic: str
    name: str
    description: str
    workers: dict[str, float]

    @property
    def alive(self) -> bool:
        """Whether any worker was heard of lately."""
        return any(age <= ALIVE_S for age in self.workers.values())


class Roster:
    """Who is there. Kept in memory: after a restart the next heartbeats fill it again.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries = {topic: Entry(topic, *texts) for topic, texts in SHIPPED.items()}

    def hear(self, topic: str, worker: str, name: str, description: str) -> None:
        """A worker's heartbeat."""
        with self._lock:
            entry = self._entries.setdefault(topic, Entry(topic, name, description))
            entry.name, entry.description = name or entry.name, description or entry.description
            entry.workers[worker] = self._clock()

    def present(self) -> list[Presence]:
        """All pipelines by topic."""
        with self._lock:
            self._forget()
            now = self._clock()
            return [
                Presence(
                    entry.id,
                    entry.topic,
                    entry.name,
                    entry.description,
                    {worker: now - heard for worker, heard in entry.workers.items()},
                )
                for _, entry in sorted(self._entries.items())
            ]

    def _forget(self) -> None:
        horizon = self._clock() - FORGOTTEN_S
        for entry in self._entries.values():
            entry.workers = {worker: heard for worker, heard in entry.workers.items() if heard > horizon}
        self._entries = {key: each for key, each in self._entries.items() if each.workers or key in SHIPPED}
