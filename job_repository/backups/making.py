"""Making a backup: copy, pack, read again, publish."""

import json
import re
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from job_repository.backups import archive
from job_repository.backups.errors import BackupFailed
from job_repository.backups.manifest import RECORD_NAMES, SECRETS, SETTINGS, STATE, Facts, Manifest
from job_repository.backups.snapshot import kind_of, snapshot
from job_repository.record.audit_signing import BROKEN
from labrelay import __version__
from labrelay.contracts.base import Contract
from labrelay.files import publish_bytes
from labrelay.layout import GatewayLayout
from labrelay.settings import Settings

PREFIX: Final = "labrelay-"
_PASSWORD: Final = re.compile(r"(://[^/@:\s]*:)[^@\s]+(@)")
HIDDEN: Final = "***"


class Made(Contract):
    """A backup that stands: where, and what it says of itself."""

    file: str
    size: int
    manifest: Manifest


def back_up(settings: Settings, target: Path, *, with_secrets: bool = False) -> Made:
    """Back up the record, the settings and the launcher's switches while the gateway works.

    Args:
        settings: of the gateway.
        target: a file that ends in `.tar.gz`, else a folder in which a file is made.
        with_secrets: also the gateway's keys, and passwords in the settings.

    Raises:
        BackupFailed: it can't be written; nothing is left of it.
        BackupBroken: the record is damaged, or the disk didn't keep what was written.
    """
    file = target if target.name.endswith(archive.SUFFIX) else target / name_of(time.time())
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target: its disk is the one with the room, and one for keys that aren't meant for /tmp.
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".labrelay-backup-") as room:
            manifest = _pack(settings, file, Path(room), with_secrets=with_secrets)
        made = Made(file=str(file.absolute()), size=file.stat().st_size, manifest=manifest)
        _remember(settings.gateway_layout, made)
    except OSError as error:
        raise BackupFailed(f"The backup {file} can't be written ({error.strerror or error}).") from error
    return made


def name_of(time_s: float) -> str:
    """The name of a backup that was made then, seconds since 1970."""
    return f"{PREFIX}{datetime.fromtimestamp(time_s, UTC):%Y%m%dT%H%M%SZ}{archive.SUFFIX}"


def last_backup(layout: GatewayLayout) -> dict[str, Any] | None:
    """When the last backup was made, where it lies and how large it is; None without one."""
    try:
        told: dict[str, Any] = json.loads(layout.last_backup.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return told


def _pack(settings: Settings, file: Path, room: Path, *, with_secrets: bool) -> Manifest:
    kind = kind_of(settings.record_url)
    copy = room / RECORD_NAMES[kind]
    made_ns = time.time_ns()
    facts = snapshot(settings.record_url, copy)
    files = {copy.name: copy, SETTINGS: _settings(settings, room / SETTINGS, with_secrets=with_secrets)}
    files |= _state(settings.gateway_layout, room)
    if with_secrets:
        files |= _secrets(settings.gateway_layout, room)
    manifest = _manifest(kind, made_ns, facts, files, with_secrets=with_secrets)
    archive.write(file, manifest, files)
    return manifest


def _manifest(kind: str, made_ns: int, facts: Facts, files: dict[str, Path], *, with_secrets: bool) -> Manifest:
    told = {"labrelay": __version__, "kind": kind, "made_ns": made_ns, "secrets": with_secrets, **facts.model_dump()}
    return Manifest.model_validate({**told, "files": archive.packed(files)})


def _settings(settings: Settings, file: Path, *, with_secrets: bool) -> Path:
    text = settings.model_dump_json(indent=1)
    file.write_text(text if with_secrets else _PASSWORD.sub(rf"\1{HIDDEN}\2", text), encoding="utf-8")
    return file


def _state(layout: GatewayLayout, room: Path) -> dict[str, Path]:
    return _copied({f"{STATE}{each.name}": each for each in (layout.switches, layout.plate_news)}, room)


def _secrets(layout: GatewayLayout, room: Path) -> dict[str, Path]:
    """All keys; evidence of broken heads stays where it was found."""
    found = sorted(layout.secrets.iterdir()) if layout.secrets.is_dir() else []
    plain = [each for each in found if each.is_file() and not each.name.startswith(".") and not each.match(BROKEN)]
    return _copied({f"{SECRETS}{each.name}": each for each in plain}, room)


def _copied(files: dict[str, Path], room: Path) -> dict[str, Path]:
    """Copies that can't change between their digest and their packing."""
    copies: dict[str, Path] = {}
    for name, path in files.items():
        if path.is_file():
            copies[name] = room / name.replace("/", "-")
            shutil.copyfile(path, copies[name])
    return copies


def _remember(layout: GatewayLayout, made: Made) -> None:
    told = {"made_ns": made.manifest.made_ns, "file": made.file, "size": made.size}
    publish_bytes(json.dumps(told).encode(), layout.last_backup)
