"""Restoring a backup: only into an empty place, or with what is there kept aside; under an epoch that nobody knows yet.

What happened after the backup is brought together afterwards: the first start finds a live store that isn't the
record's and begins a new epoch; instruments' sides see it and announce what the record doesn't know.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from job_repository.backups import archive
from job_repository.backups.errors import BackupBroken, BackupTooNew, PlaceTaken
from job_repository.backups.manifest import SECRETS, SETTINGS, STATE, Manifest
from job_repository.backups.place import place_of
from job_repository.backups.snapshot import check_sqlite
from job_repository.record import audit
from job_repository.record.audit_verification import RESTORED
from job_repository.record.store import MIGRATIONS, Record, number_of, set_number
from labrelay.contracts.base import Contract
from labrelay.files import fsync_folder
from labrelay.processes import recorded_process
from labrelay.settings import Settings

EPOCHS_A_SECOND: Final = 10
EVENTS_A_SECOND: Final = 5000
LEAST_S: Final = 100
"""Epochs and running numbers leap over all that can have been given out since the backup, and always further than an
earlier restore of the same backup did: a fence or a number that comes twice would let old work pass for new."""


class Restored(Contract):
    """What a restore did.

    Attributes:
        aside: where what was there before lies now; empty without any.
        settings: the settings as they were, for comparing; nothing reads them by itself.
        keys: the gateway's keys came out of the backup.
    """

    manifest: Manifest
    aside: str
    settings: str
    keys: bool


def checked(file: Path) -> Manifest:
    """A backup that this version could restore, every byte compared.

    Raises:
        BackupBroken: it isn't what was written.
        BackupTooNew: a newer labrelay made it.
    """
    manifest = archive.check(file)
    _refuse_newer(manifest)
    return manifest


def restore(settings: Settings, file: Path, *, force: bool = False, actor: str = "local") -> Restored:
    """Put a backup in the place of the record.

    Args:
        settings: of the gateway that shall go on from it; its data folder may be another than the backup's.
        file: the backup.
        force: what is in the place already is kept aside.
        actor: who restores, for the audit.

    Raises:
        BackupBroken: it isn't what was written; nothing is changed.
        BackupTooNew: a newer labrelay made it; nothing is changed.
        PlaceTaken: there is a record already, or the gateway runs.
    """
    layout = settings.gateway_layout
    _refuse_running(settings)
    layout.root.mkdir(parents=True, exist_ok=True)
    with _unpacked(file, layout.root) as (room, manifest):
        place = place_of(settings, manifest)
        if not force and (there := place.taken()):
            step = "Name an empty data folder in the settings, or say `--force`: what is there is kept aside."
            raise PlaceTaken(f"There is something already: {there}.", next_step=step)
        aside = place.clear(keys=manifest.secrets)
        _lay_down(settings, room, manifest)
        place.fill(room / manifest.record)
        _begin(settings, manifest, actor)
    kept = layout.root / "restored-settings.json"
    return Restored(manifest=manifest, aside=aside, settings=str(kept.absolute()), keys=manifest.secrets)


@contextmanager
def _unpacked(file: Path, root: Path) -> Iterator[tuple[Path, Manifest]]:
    room = Path(tempfile.mkdtemp(dir=root, prefix=".restore-"))
    try:
        manifest = archive.check(file, room)
        _refuse_newer(manifest)
        if manifest.kind == "sqlite" and check_sqlite(room / manifest.record).revision != manifest.revision:
            raise BackupBroken(f"The record in {file} isn't the one that its manifest tells of.")
        yield room, manifest
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _refuse_newer(manifest: Manifest) -> None:
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if manifest.revision not in known:
        raise BackupTooNew(
            f"Version {manifest.labrelay} of labrelay made this backup; its record (schema {manifest.revision}) is "
            "newer than this version can read."
        )


def _refuse_running(settings: Settings) -> None:
    running = recorded_process(settings.data / "run" / "supervisor.pid")
    if running is not None:
        cause = f"labrelay runs on {settings.data} (process {running.pid})."
        raise PlaceTaken(cause, next_step="Stop it first, then restore.")


def _lay_down(settings: Settings, room: Path, manifest: Manifest) -> None:
    """Keys and switches to their places, the settings beside them."""
    layout = settings.gateway_layout
    targets = {SETTINGS: layout.root / "restored-settings.json"}
    targets |= {name: layout.secrets / Path(name).name for name in manifest.files if name.startswith(SECRETS)}
    targets |= {name: layout.root / Path(name).name for name in manifest.files if name.startswith(STATE)}
    for name, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        (room / name).replace(target)
        target.chmod(archive.MODE)
    if layout.secrets.is_dir():
        fsync_folder(layout.secrets)


def _begin(settings: Settings, manifest: Manifest, actor: str) -> None:
    """Bring the tables up to date, leap over what was given out since, and say so in the audit."""
    record = Record(settings.record_url)
    try:
        record.open()
        with record.write() as connection:
            _leap(connection, manifest)
            made = f"{datetime.fromtimestamp(manifest.made_ns / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}"
            body = {"made": made, "audit_number": manifest.audit_number, "labrelay": manifest.labrelay}
            head = audit.append(connection, [audit.Act(RESTORED, actor, "", body)])
        if head is not None:
            settings.gateway_layout.secrets.mkdir(parents=True, exist_ok=True)
            audit.Audit(record, settings.gateway_layout.secrets).signer.begin_anew(head)
    finally:
        record.close()


def _leap(connection: Connection, manifest: Manifest) -> None:
    since_s = LEAST_S + max(0, (time.time_ns() - manifest.made_ns) // 10**9)
    for key, a_second in (("epoch", EPOCHS_A_SECOND), ("applied", EVENTS_A_SECOND)):
        set_number(connection, key, number_of(connection, key) + since_s * a_second)
