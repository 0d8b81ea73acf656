"""Pauses: while one holds, the instrument's side reads and writes no file contents."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import StringConstraints

from labrelay.contracts.base import Contract

Words = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")]
"""One line that a person wrote."""


class Pause(Contract):
    """Who paused an instrument, why, and since when (nanoseconds since 1970 on the clock of who paused)."""

    by: Words
    reason: Words = ""
    since_ns: int

    @property
    def text(self) -> str:
        """In words, with this machine's time: `Ada since 2026-11-22 11:30, acquisition`."""
        since = datetime.fromtimestamp(self.since_ns / 1e9, UTC).astimezone()
        return f"{self.by} since {since:%Y-%m-%d %H:%M}{', ' if self.reason else ''}{self.reason}"


class Pauses(Contract):
    """The two places where one instrument can be paused; each lifts only its own.

    Attributes:
        gateway: from the gateway (dashboard, API, `labrelay pause --instrument`).
        instrument: on the instrument's own machine (`labrelay pause`).
    """

    gateway: Pause | None = None
    instrument: Pause | None = None

    @property
    def active(self) -> bool:
        """Whether it is paused at all."""
        return self.gateway is not None or self.instrument is not None

    @property
    def text(self) -> str:
        """Both in words; empty when nothing is paused."""
        held = (("from the gateway", self.gateway), ("at the instrument", self.instrument))
        return "; ".join(f"paused {where} by {pause.text}" for where, pause in held if pause)
