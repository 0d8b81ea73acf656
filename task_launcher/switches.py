"""Pause, drain and "this plate first": what an operator sets, kept over a restart."""

import json
import threading
from enum import StrEnum
from pathlib import Path

from labrelay.errors import LabrelayError
from labrelay.files import publish_bytes


class Mode(StrEnum):
    """Whether a pipeline gets new launches. Draining is a pause that tells when the last open one is done."""

    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"


class SwitchesUnreadable(LabrelayError):
    """The file that holds pauses and priorities is damaged."""

    code = "switches_unreadable"
    default_next_step = "Delete the file and set pauses and priorities again."


class Switches:
    """The operator's switches.

    Args:
        file: a small JSON file, published whole at each change.

    Raises:
        SwitchesUnreadable: the file is there and isn't what was written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._modes, self._first = _read(file)

    def mode(self, topic: str) -> Mode:
        """The mode of a pipeline."""
        return self._modes.get(topic, Mode.RUNNING)

    def set_mode(self, topic: str, mode: Mode) -> None:
        """Set the mode of a pipeline; it holds when this returns."""
        with self._lock:
            modes = {**self._modes, topic: mode}
            self._publish({name: value for name, value in modes.items() if value is not Mode.RUNNING}, self._first)

    @property
    def topics(self) -> frozenset[str]:
        """Pipelines that aren't just running."""
        return frozenset(self._modes)

    @property
    def first(self) -> frozenset[str]:
        """Attribute values (plates) whose jobs go first."""
        return self._first

    def set_first(self, plates: frozenset[str]) -> None:
        """Replace the plates that go first."""
        with self._lock:
            self._publish(self._modes, plates)

    def _publish(self, modes: dict[str, Mode], first: frozenset[str]) -> None:
        content = {"modes": modes, "first": sorted(first)}
        publish_bytes(json.dumps(content, indent=1).encode(), self._file)
        self._modes, self._first = modes, first


def _read(file: Path) -> tuple[dict[str, Mode], frozenset[str]]:
    try:
        content = json.loads(file.read_text("utf-8"))
        return {topic: Mode(mode) for topic, mode in content["modes"].items()}, frozenset(content["first"])
    except FileNotFoundError:
        return {}, frozenset()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SwitchesUnreadable(f"{file} is damaged: {error}.") from error
