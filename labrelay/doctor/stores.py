"""The stores: Redis' settings, the record that follows it, epochs, backups."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.jobs import number_of
from labrelay.doctor.patient import Patient

LAG: Final = 5000
DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S
NEARLY_FULL: Final = 0.9


def live_store(patient: Patient) -> Iterator[Finding]:
    """Whether Redis keeps what it is given."""
    told: dict[str, Any] = patient.health.get("live_store", {})
    if not told:
        return
    if told["append_only"] is None:
        detail = "Redis doesn't tell its settings to this user"
        yield Finding("redis", Severity.NOTE, detail, "Look there by hand.", "redis-cli config get appendonly")
        return
    yield Finding.of(
        "redis append-only file",
        told["append_only"],
        "on" if told["append_only"] else "off: what happens between two snapshots is lost with the process",
        "Set `appendonly yes` (and `appendfsync always` or `everysec`) in Redis' settings.",
        "redis-cli config set appendonly yes",
    )
    evicts = told["policy"] != "noeviction"
    detail = f"{told['policy']}: Redis throws live jobs away when its memory is full" if evicts else "keeps everything"
    step = "Set `maxmemory-policy noeviction`."
    yield Finding.of("redis eviction", not evicts, detail, step, "redis-cli config set maxmemory-policy noeviction")
    if damages := patient.health.get("damages", 0):
        detail = f"restored {damages} times since the gateway's start: what it held wasn't what was written"
        yield Finding("live store damaged", Severity.LOOK, detail, "Look at the disk and memory of Redis' machine.")
    yield from _memory(told["used_bytes"], told["max_bytes"])


def record(patient: Patient) -> Iterator[Finding]:
    """Whether the record follows, and agrees."""
    health = patient.health
    if not health:
        return
    detail = f"{health['lag']:,} steps behind" if health["lag"] > 0 else "follows at once"
    step = "If it grows: the record's disk is slow or its database away; see the gateway's log."
    yield Finding.of("record", health["lag"] < LAG, detail, step, "labrelay status")
    for loop, trouble in health["trouble"].items():
        yield Finding.of(f"repository {loop}", False, trouble, "It tries again by itself; remove the cause.")
    for group in health["disagreements"]:
        detail = f"{number_of(group['count'])}: {group['what']} (first: {group['jobs'][0]})"
        step = "Start the gateway again; if it stays, keep the logs and report it."
        yield Finding("stores disagree", Severity.BROKEN, detail, step, "labrelay audit verify")


def epoch(patient: Patient) -> Iterator[Finding]:
    """Whether the live store was lost lately, and whether this instrument's side knows."""
    health = patient.health
    if health and health["epoch"] > 1 and time.time() - health["epoch_ns"] / 1e9 < DAY_S:
        began = datetime.fromtimestamp(health["epoch_ns"] / 1e9, UTC).astimezone()
        detail = f"the live store was set up from the record at {began:%Y-%m-%d %H:%M}"
        step = "If nobody restored or emptied Redis then, look why it lost its contents."
        yield Finding("epoch", Severity.NOTE, detail, step, "labrelay status")
    status = patient.ask("file_watcher", "/api/v2/status")
    if health and status and status["epoch"] not in (None, health["epoch"]):
        detail = f"the journal here knows epoch {status['epoch']}, the gateway is at {health['epoch']}"
        step = "It follows with the next call; if not, look whether this side reaches the gateway."
        yield Finding.of("epoch of the journal", False, detail, step, "labrelay doctor")


def backup(patient: Patient) -> Iterator[Finding]:
    """Whether the record was backed up lately."""
    told: dict[str, Any] = patient.health.get("backup", {})
    if not told:
        return
    age_s, folder = told["age_s"], told["folder"]
    longest = 2 * told["every_s"] if folder else WEEK_S
    step = "Set `folder` in [backup], on another disk." if not folder else f"Look whether {folder} can be written."
    command = "labrelay backup FOLDER"
    if age_s is None:
        severity = Severity.LOOK if folder and patient.health["heard_for_s"] > DAY_S else Severity.NOTE
        yield Finding("backup", severity, "the record was never backed up", step, command)
    else:
        detail = f"the last is {age_s / DAY_S:.1f} days old"
        yield Finding.of("backup", age_s < longest, detail, step, command)


def _memory(used: int, most: int) -> Iterator[Finding]:
    if most:
        detail = f"uses {used / 1e6:,.0f} of {most / 1e6:,.0f} MB"
        step = "Raise `maxmemory`, or set it to 0: a full Redis takes no step of any job."
        yield Finding.of("redis memory", used < NEARLY_FULL * most, detail, step, "redis-cli config set maxmemory 0")
