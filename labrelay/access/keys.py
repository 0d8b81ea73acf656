"""Keys in files: the service key, with which one side's own processes call each other, and a token put in place."""

from pathlib import Path
from typing import Final

from labrelay.access.tokens import SERVICE
from labrelay.capability import load_key
from labrelay.settings.model import Settings

NAME: Final = "service.key"
BYTE_ORDER: Final = (b"\xff\xfe", b"\xfe\xff")
"""How a text begins that Windows' PowerShell writes into a file."""
OEM_SIDE: Final = frozenset({"file_watcher", "data_organizer", "file_sender_oem", "file_receiver_oem"})
"""Services of the instrument's side, by their names in `ports`; all others are the gateway's."""


class KeyFile:
    """The first line of a file, read anew whenever the file changes; nothing while it isn't there.

    Args:
        path: the file.
        prefix: put before what it holds.
    """

    def __init__(self, path: Path, prefix: str = "") -> None:
        self._path = path
        self._prefix = prefix
        self._known: tuple[tuple[int, int, int], str] | None = None

    def read(self) -> str:
        """What a caller shows; empty while there is nothing."""
        try:
            state = self._path.stat()
            mark = (state.st_ino, state.st_size, state.st_mtime_ns)
            if self._known is None or self._known[0] != mark:
                self._known = (mark, self._line())
        except OSError:  # not there yet, or just being replaced: the next call looks again
            return ""
        return self._known[1]

    def _line(self) -> str:
        raw = self._path.read_bytes()
        text = raw.decode("utf-16" if raw[:2] in BYTE_ORDER else "utf-8-sig", errors="replace").strip()
        line = text.splitlines()[0].strip() if text else ""
        return self._prefix + line if line and line.isascii() and line.isprintable() else ""


def secrets_folder(settings: Settings, port_name: str) -> Path:
    """Where the side of a service keeps its keys."""
    layout = settings.oem_layout if port_name in OEM_SIDE else settings.gateway_layout
    return layout.secrets


def service_key(settings: Settings, port_name: str) -> KeyFile:
    """The key of a service's side, as this process finds it; who may read that folder is of that side."""
    return KeyFile(secrets_folder(settings, port_name) / NAME, SERVICE)


def make_service_key(settings: Settings, port_name: str) -> None:
    """Make the key of a service's side if there is none, readable by its owner alone."""
    load_key(secrets_folder(settings, port_name), NAME)


def edge_key(settings: Settings) -> KeyFile | None:
    """What the instrument's side shows its gateway: its token, or on the gateway's own machine the gateway's key."""
    if settings.oem.token_file is not None:
        return KeyFile(settings.oem.token_file)
    return None if settings.oem.edge_url else service_key(settings, "edge")


def pipeline_key(settings: Settings) -> KeyFile:
    """What a pipeline's workers show: their token, or on the gateway's own machine the gateway's key."""
    if settings.pipelines.token_file is not None:
        return KeyFile(settings.pipelines.token_file)
    return service_key(settings, "task_launcher")
