"""The gateway's own backups: one when the newest is old enough, and the oldest of its own deleted."""

import time
from pathlib import Path
from typing import Any

from job_repository.backups.archive import SUFFIX
from job_repository.backups.making import PREFIX, back_up, last_backup
from labrelay.settings import Settings
from labrelay.telemetry import logger

_log = logger("job_repository.backups")


class Schedule:
    """The backups that `[backup]` asks for.

    Args:
        settings: of the gateway.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def turn(self) -> bool:
        """Make a backup if one is due.

        Raises:
            BackupFailed: it can't be written.
            BackupBroken: the record is damaged.
        """
        asked = self._settings.backup
        if asked.folder is not None and self._due(asked.folder):
            made = back_up(self._settings, asked.folder, with_secrets=asked.with_secrets)
            _log.info("backed up", file=made.file, size=made.size)
            for old in _own(asked.folder)[: -asked.keep]:
                old.unlink(missing_ok=True)
        return False

    def told(self) -> dict[str, Any]:
        """What the doctor wants to know."""
        folder, last = self._settings.backup.folder, last_backup(self._settings.gateway_layout)
        return {
            "folder": str(folder) if folder else None,
            "every_s": self._settings.backup.every_s,
            "last": last,
            "age_s": round(time.time() - last["made_ns"] / 1e9, 1) if last else None,
        }

    def _due(self, folder: Path) -> bool:
        newest = max((file.stat().st_mtime for file in _own(folder)), default=0.0)
        age_s = time.time() - newest
        return age_s >= self._settings.backup.every_s or age_s < 0  # a clock that was set back mustn't stop backups


def _own(folder: Path) -> list[Path]:
    """Backups in the folder, oldest first by their names."""
    return sorted(folder.glob(f"{PREFIX}*{SUFFIX}")) if folder.is_dir() else []
