"""Pause and resume on the instrument's machine: two small files, one for each place from which it can be paused.

`pause/here.json` is a person's at this machine, `pause/gateway.json` is the organizer's copy of what the gateway says.
Each has one writer. They outlast restarts and need no service to run; while one of them is there, the side is paused.
"""

from pathlib import Path

from pydantic import ValidationError

from labrelay.contracts.pauses import Pause, Pauses
from labrelay.errors import ServiceUnavailable
from labrelay.files import fsync_folder, publish_bytes
from labrelay.layout import OemLayout


class Paused(ServiceUnavailable):
    """The instrument is paused; what was under way goes on where it stopped."""

    code = "paused"
    default_next_step = "Nothing, or resume: `labrelay resume` at the instrument, the dashboard on the gateway."


class PauseFiles:
    """The pause of one OEM side, as its data folder holds it; cheap to ask, also for every piece of a file."""

    def __init__(self, layout: OemLayout) -> None:
        self._folder = layout.root / "pause"
        self._here = self._folder / "here.json"
        self._gateway = self._folder / "gateway.json"

    @property
    def active(self) -> bool:
        """Whether the side is paused."""
        return self._here.exists() or self._gateway.exists()

    def check(self) -> None:
        """Go on only if nothing is paused.

        Raises:
            Paused: says by whom.
        """
        if self.active:
            raise Paused(f"This instrument is {self.read().text or 'paused'}.")

    def read(self) -> Pauses:
        """Both pauses."""
        return Pauses(gateway=_read(self._gateway), instrument=_read(self._here))

    def set_here(self, pause: Pause | None) -> None:
        """Pause on this machine, or lift that pause; durable when it returns.

        Raises:
            OSError: the data folder can't be written.
        """
        _write(self._here, pause)

    def set_gateway(self, pause: Pause | None) -> None:
        """Keep what the gateway says; durable when it returns.

        Raises:
            OSError: the data folder can't be written.
        """
        _write(self._gateway, pause)


def _write(file: Path, pause: Pause | None) -> None:
    if pause is not None:
        publish_bytes(pause.model_dump_json().encode(), file)
    elif file.exists():
        file.unlink()
        fsync_folder(file.parent)


def _read(file: Path) -> Pause | None:
    try:
        return Pause.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError):  # it is there, so it holds
        return Pause(by="somebody", reason=f"{file.name} can't be read", since_ns=0)
