"""The stores: Redis' settings, the record that follows it, epochs, backups."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.jobs import number_of
from labrelay.doctor.patient import Patient
from labrelay.words import Told

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
        detail = Told("Redis doesn't tell its settings to this user")
        yield Finding("redis", Severity.NOTE, detail, Told("Look there by hand."), "redis-cli config get appendonly")
        return
    yield Finding.of(
        Told("redis append-only file"),
        told["append_only"],
        Told("on") if told["append_only"] else Told("off: what happens between two snapshots is lost with the process"),
        Told("Set `appendonly yes` (and `appendfsync always` or `everysec`) in Redis' settings."),
        "redis-cli config set appendonly yes",
    )
    evicts = told["policy"] != "noeviction"
    detail = Told("keeps everything")
    if evicts:
        detail = Told("{policy}: Redis throws live jobs away when its memory is full", policy=told["policy"])
    step = Told("Set `maxmemory-policy noeviction`.")
    yield Finding.of(
        Told("redis eviction"), not evicts, detail, step, "redis-cli config set maxmemory-policy noeviction"
    )
    if damages := patient.health.get("damages", 0):
        detail = Told("restored {n} times since the gateway's start: what it held wasn't what was written", n=damages)
        step = Told("Look at the disk and memory of Redis' machine.")
        yield Finding(Told("live store damaged"), Severity.LOOK, detail, step)
    yield from _memory(told["used_bytes"], told["max_bytes"])


def record(patient: Patient) -> Iterator[Finding]:
    """Whether the record follows, and agrees."""
    health = patient.health
    if not health:
        return
    lag = health["lag"]
    detail = Told("{n} steps behind", n=lag) if lag > 0 else Told("follows at once")
    step = Told("If it grows: the record's disk is slow or its database away; see the gateway's log.")
    yield Finding.of(Told("record"), health["lag"] < LAG, detail, step, "labrelay status")
    for loop, trouble in health["trouble"].items():
        step = Told("It tries again by itself; remove the cause.")
        yield Finding.of(Told("repository {loop}", loop=loop), False, trouble, step)
    for group in health["disagreements"]:
        jobs, first = number_of(group["count"]), group["jobs"][0]
        detail = Told("{jobs}: {what} (first: {first})", jobs=jobs, what=group["what"], first=first)
        step = Told("Start the gateway again; if it stays, keep the logs and report it.")
        yield Finding(Told("stores disagree"), Severity.BROKEN, detail, step, "labrelay audit verify")


def epoch(patient: Patient) -> Iterator[Finding]:
    """Whether the live store was lost lately, and whether this instrument's side knows."""
    health = patient.health
    if health and health["epoch"] > 1 and time.time() - health["epoch_ns"] / 1e9 < DAY_S:
        began = datetime.fromtimestamp(health["epoch_ns"] / 1e9, UTC).astimezone()
        detail = Told("the live store was set up from the record at {time}", time=f"{began:%Y-%m-%d %H:%M}")
        step = Told("If nobody restored or emptied Redis then, look why it lost its contents.")
        yield Finding(Told("epoch"), Severity.NOTE, detail, step, "labrelay status")
    status = patient.ask("file_watcher", "/api/v2/status")
    if health and status and status["epoch"] not in (None, health["epoch"]):
        here, there = str(status["epoch"]), str(health["epoch"])
        detail = Told("the journal here knows epoch {here}, the gateway is at {there}", here=here, there=there)
        step = Told("It follows with the next call; if not, look whether this side reaches the gateway.")
        yield Finding.of(Told("epoch of the journal"), False, detail, step, "labrelay doctor")


def backup(patient: Patient) -> Iterator[Finding]:
    """Whether the record was backed up lately."""
    told: dict[str, Any] = patient.health.get("backup", {})
    if not told:
        return
    age_s, folder = told["age_s"], told["folder"]
    longest = 2 * told["every_s"] if folder else WEEK_S
    step = Told("Set `folder` in [backup], on another disk.")
    if folder:
        step = Told("Look whether {folder} can be written.", folder=folder)
    command = "labrelay backup FOLDER"
    if age_s is None:
        severity = Severity.LOOK if folder and patient.health["heard_for_s"] > DAY_S else Severity.NOTE
        yield Finding(Told("backup"), severity, Told("the record was never backed up"), step, command)
    else:
        detail = Told("the last is {days} days old", days=f"{age_s / DAY_S:.1f}")
        yield Finding.of(Told("backup"), age_s < longest, detail, step, command)


def _memory(used: int, most: int) -> Iterator[Finding]:
    if most:
        detail = Told("uses {used} of {most} MB", used=round(used / 1e6), most=round(most / 1e6))
        step = Told("Raise `maxmemory`, or set it to 0: a full Redis takes no step of any job.")
        yield Finding.of(
            Told("redis memory"), used < NEARLY_FULL * most, detail, step, "redis-cli config set maxmemory 0"
        )
