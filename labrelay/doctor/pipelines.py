"""The pipelines: absent ones, those that fail everything, queues that grow."""

from collections.abc import Iterator
from typing import Any, Final

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.jobs import number_of
from labrelay.doctor.patient import Patient
from labrelay.doctor.unserved import way_out
from labrelay.words import Told

FAILURES: Final = 3
QUEUE: Final = 50
GROWS: Final = 1.2


def absent(patient: Patient) -> Iterator[Finding]:
    """Pipelines that tasks send files to while nobody serves them, and those that are paused."""
    for row in patient.ask("task_launcher", "/api/v2/pipelines") or []:
        topic = row["topic"]
        if row["carrier"] == "streams" and row["alive"] is False:
            detail = Told("tasks send files to it, and nobody serves it")
            step = way_out(topic, patient.settings)
            check = Told("pipeline {name}", name=topic)
            yield Finding.of(check, False, detail, step, "labrelay model list")
        if row["paused"]:
            severity = Severity.LOOK if row["ready"] else Severity.NOTE
            paused = Told("pipeline {name} {mode}", name=topic, mode=row["mode"])
            detail = Told("{jobs} waiting", jobs=number_of(row["ready"]))
            yield Finding(paused, severity, detail, Told("Resume it when it may go on."), "labrelay status")


def failing(patient: Patient) -> Iterator[Finding]:
    """Pipelines all of whose attempts failed lately."""
    for topic, told in patient.health.get("pipelines", {}).items():
        if told["failed"] >= FAILURES and not told["worked"]:
            detail = Told("all of its last {count} attempts failed within an hour", count=told["failed"])
            step = Told("Look at one of the failures and at the pipeline's log before you retry.")
            check = Told("pipeline {name}", name=topic)
            yield Finding.of(check, False, detail, step, "labrelay jobs --stage failed --limit 5")


def queue(patient: Patient) -> Iterator[Finding]:
    """Whether more comes than is worked off."""
    flow: dict[str, Any] = patient.health.get("flow", {})
    if not flow:
        return
    waits, minutes = flow["waiting"], flow["over_s"] / 60
    grows = waits > QUEUE and flow["arrived"] > GROWS * max(1, flow["ended"])
    detail = Told(
        "{waits} jobs wait; {came} came and {ended} ended within {minutes} minutes",
        waits=waits,
        came=flow["arrived"],
        ended=flow["ended"],
        minutes=round(minutes),
    )
    step = Told("It works itself off when less comes; else add a replica of the pipeline, or a second machine for it.")
    yield Finding.of(Told("queue"), not grows, detail, step, "labrelay status")
